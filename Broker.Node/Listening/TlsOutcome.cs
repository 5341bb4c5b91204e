using System.Net.Security;

namespace Broker.Node.Listening;

/// <summary>The authenticated stream, or why there is none.</summary>
internal readonly record struct TlsOutcome(SslStream? Stream, string? Failure);
