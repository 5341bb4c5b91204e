namespace Broker.Protocol.Http;

public sealed class RequestHead(string method, string target, int versionMinor, IReadOnlyList<HttpHeader> headers)
{
    public string Method { get; } = method;

    public string Target { get; } = target;

    public int VersionMinor { get; } = versionMinor;

    public IReadOnlyList<HttpHeader> Headers { get; } = headers;
}
