using Broker.Node.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;

namespace Broker.Tests.Support;

/// <summary>For parts without a node: logs that nobody reads.</summary>
internal static class SilentLog
{
    public static ConnectionLog Connections { get; } = new(NullLogger<ConnectionLog>.Instance, TimeProvider.System);
}
