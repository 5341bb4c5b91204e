using System.Text;
using Broker.Node.Configuration.Options;
using Broker.Node.Diagnostics;
using Broker.Node.Listening;
using Broker.Node.Transports.WebSocket;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Broker.Node.Http;

internal static class FrontDoorServices
{
    /// <summary>
    /// Puts the front door before the application's Kestrel. Needs <see cref="IUpgradeGate"/> and
    /// <see cref="IConnectionPipeline"/> among the services.
    /// </summary>
    public static IServiceCollection AddFrontDoor(this IServiceCollection services, LimitOptions limits)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddMetrics();
        services.TryAddSingleton<BrokerMetrics>();
        services.TryAddSingleton<ConnectionLog>();
        services.TryAddSingleton(new TrustedProxies(new ProxyOptions()));
        services.TryAddSingleton<LingeringClose>();
        services.AddSingleton(limits.Heads());
        services.AddSingleton<HttpFrontDoor>();
        services.AddSingleton<IHttpFrontDoor>(provider => provider.GetRequiredService<HttpFrontDoor>());

        // Kestrel registers its sockets only where there is no transport yet.
        services.TryAddSingleton<IConnectionListenerFactory, SocketTransportFactory>();
        services.AddSingleton<IConnectionListenerFactory>(provider => provider.GetRequiredService<HttpFrontDoor>());
        services.Insert(0, ServiceDescriptor.Singleton<IStartupFilter, UpgradeTakeBackFilter>());
        return services.Configure<KestrelServerOptions>(options => Configure(options, limits));
    }

    private static void Configure(KestrelServerOptions options, LimitOptions limits)
    {
        options.AddServerHeader = false;

        // As RequestHeadParser reads them: other sites' cookies of the same host may hold any byte, and Kestrel's UTF-8 would answer 400.
        options.RequestHeaderEncodingSelector = static _ => Encoding.Latin1;
        options.AllowSynchronousIO = false;

        // RFC 9112 section 3.2.2: where the target names the host, Host is ignored.
        options.AllowHostHeaderOverride = true;

        // Not below those of RequestGuard, which has judged the head by then: Kestrel counts the ends of lines in another way.
        options.Limits.MaxRequestLineSize = limits.RequestLine + 2;
        options.Limits.MaxRequestHeadersTotalSize = limits.HeaderBytes + 2;
        options.Limits.MaxRequestHeaderCount = limits.HeaderCount;
        options.Limits.RequestHeadersTimeout = limits.HandshakeTimeout;
        options.Limits.MaxRequestBodySize = limits.ApiMessage;
        options.Listen(FrontDoorEndPoint.Instance, listen => listen.Protocols = HttpProtocols.Http1);
    }
}
