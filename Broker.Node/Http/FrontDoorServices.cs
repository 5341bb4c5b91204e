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
    /// <summary>Bytes of one HTTP/2 stream that a client may send before they are read; the least there is.</summary>
    private const int StreamWindow = 65_535;

    /// <summary>The same of all streams of a connection.</summary>
    private const int ConnectionWindow = 128 * 1024;

    /// <summary>
    /// Puts the front door before the application's Kestrel. Needs <see cref="IUpgradeGate"/> and
    /// <see cref="IConnectionPipeline"/> among the services.
    /// </summary>
    public static IServiceCollection AddFrontDoor(this IServiceCollection services, BrokerOptions options)
    {
        var limits = options.Limits;
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
        services.Insert(0, ServiceDescriptor.Singleton<IStartupFilter, FrontDoorFilter>());

        // What a client does with its streams calls for no action; Kestrel logs some of it as critical.
        services.AddLogging(static logging => logging.AddFilter("Microsoft.AspNetCore.Server.Kestrel.Http2", LogLevel.None));
        return services.Configure<KestrelServerOptions>(kestrel =>
        {
            Configure(kestrel, limits);
            if (options.Listen is { Http2: true, Tls.Enabled: true })
            {
                // The default of an endpoint has both versions, and TLS has settled which one a connection speaks. Said aloud, Kestrel would
                // log that this endpoint is without TLS.
                ConfigureHttp2(kestrel.Limits, limits, options.Heartbeat);
                kestrel.Listen(FrontDoorEndPoint.Instance, static listen => listen.DisableAltSvcHeader = true);
            }
            else
            {
                kestrel.Listen(FrontDoorEndPoint.Instance, static listen => listen.Protocols = HttpProtocols.Http1);
            }
        });
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
    }

    private static void ConfigureHttp2(KestrelServerLimits kestrel, LimitOptions limits, HeartbeatOptions heartbeat)
    {
        kestrel.Http2.MaxStreamsPerConnection = limits.Streams;

        // What a client may make the node hold before anybody reads it: of one stream, and of all its streams.
        kestrel.Http2.InitialStreamWindowSize = StreamWindow;
        kestrel.Http2.InitialConnectionWindowSize = ConnectionWindow;
        kestrel.Http2.MaxRequestHeaderFieldSize = Math.Max(kestrel.Http2.HeaderTableSize, limits.HeaderBytes);

        // Kestrel cuts the whole connection for one stream whose window is full. Of a WebSocket the heartbeat takes care before, which
        // ends that stream alone.
        if (kestrel.MinResponseDataRate is { } rate)
        {
            var patience = 2 * (heartbeat.Interval + heartbeat.Timeout);
            kestrel.MinResponseDataRate = new MinDataRate(rate.BytesPerSecond, patience > rate.GracePeriod ? patience : rate.GracePeriod);
        }
    }
}
