using Broker.Node.Listening;

namespace Broker.Node.Http;

/// <summary>Middleware that shows the application the client's address instead of a trusted proxy's.</summary>
internal sealed class ForwardedClient(RequestDelegate next, TrustedProxies proxies)
{
    public Task InvokeAsync(HttpContext context)
    {
        if (context.Connection.RemoteIpAddress is { } remote)
        {
            var peer = remote.IsIPv4MappedToIPv6 ? remote.MapToIPv4() : remote;
            var client = proxies.ClientOf([.. context.Request.Headers[proxies.Header].OfType<string>()], peer);
            if (!client.Equals(peer))
            {
                context.Connection.RemoteIpAddress = client;

                // It is the proxy's and says nothing about the client.
                context.Connection.RemotePort = 0;
            }
        }

        return next(context);
    }
}
