using Broker.Protocol.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Broker.Node.Http;

/// <summary>The head of a request that Kestrel has read and judged, as the node's own rules want it.</summary>
internal static class KestrelHead
{
    /// <summary>The target is as it was sent, in whichever version of HTTP.</summary>
    public static RequestHead Of(HttpContext context)
    {
        var request = context.Request;
        var headers = request.Headers.SelectMany(static header => header.Value, static (header, value) => new HttpHeader(header.Key, value ?? ""));
        var isHttp2 = HttpProtocol.IsHttp2(request.Protocol);
        return new RequestHead(request.Method, context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget, isHttp2 || HttpProtocol.IsHttp10(request.Protocol) ? 0 : 1, [.. headers])
        {
            VersionMajor = isHttp2 ? 2 : 1,
            Protocol = context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true } connect ? connect.Protocol : null,
        };
    }
}
