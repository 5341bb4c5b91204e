namespace Broker.Protocol.Http;

/// <summary>The head of a response as a client received it.</summary>
/// <param name="VersionMinor">The minor version under HTTP/1.</param>
/// <param name="Status">100 to 999.</param>
/// <param name="Headers">Lines in the order they came.</param>
public sealed record HttpResponse(int VersionMinor, int Status, IReadOnlyList<HttpHeader> Headers);
