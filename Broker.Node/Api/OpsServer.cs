using System.Net;
using System.Text.Json;
using Broker.Node.Configuration.Options;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;

namespace Broker.Node.Api;

/// <summary>
/// The operations port: a small server of its own, so that it answers whatever becomes of the public one.
/// <c>/health/live</c>, <c>/health/ready</c>, <c>/health/startup</c>: 200 or 503 with <c>{"status","reason"?}</c>; the rest is 404.
/// </summary>
internal sealed class OpsServer : IAsyncDisposable
{
    /// <summary>Fewer than <see cref="Listening.Descriptors.Reserve"/>: Kestrel would try to accept without a pause where none is left.</summary>
    private const int MaxConnections = 32;

    private readonly INodeHealth _health;
    private readonly WebApplication _app;

    /// <param name="options">Where to listen.</param>
    /// <param name="publicPort"><c>broker.listen.port</c>, which the default is made from.</param>
    /// <param name="health">Asked on every request.</param>
    public OpsServer(OpsOptions options, int publicPort, INodeHealth health)
    {
        _health = health;
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton<IHostLifetime, EmbeddedLifetime>();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 0;
            kestrel.Limits.MaxConcurrentConnections = MaxConnections;
            kestrel.Listen(IPAddress.Parse(options.Host), PortFor(options, publicPort));
        });
        _app = builder.Build();
        _app.Run(AnswerAsync);
    }

    /// <summary>The configured port, or the public one + 1000; an <see cref="IOException"/> when there is no such port.</summary>
    public static int PortFor(OpsOptions options, int publicPort)
    {
        var port = options.Port ?? (publicPort == 0 ? 0 : publicPort + 1000);
        return port <= IPEndPoint.MaxPort
            ? port
            : throw new IOException($"there is no port {port} (broker.listen.port + 1000) for operations: set broker.ops.port");
    }

    /// <summary>The result is where it listens; an <see cref="IOException"/> names an address that is in use.</summary>
    public async Task<IPEndPoint> StartAsync(CancellationToken cancellationToken = default)
    {
        await _app.StartAsync(cancellationToken);
        var addresses = _app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>();
        var bound = new Uri(addresses.Addresses.Single());
        return new IPEndPoint(IPAddress.Parse(bound.Host), bound.Port);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private Task AnswerAsync(HttpContext context)
    {
        if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
        {
            context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            context.Response.Headers.Allow = "GET, HEAD";
            return Task.CompletedTask;
        }

        // A client that took this for the public port must not read a 200 as an answer to its upgrade.
        if (context.Request.Headers.Upgrade.ToString().Contains("websocket", StringComparison.OrdinalIgnoreCase))
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return Task.CompletedTask;
        }

        switch (context.Request.Path.Value)
        {
            case "/health/live":
                return WriteAsync(context.Response, true, "live");
            case "/health/ready":
                var ready = _health.Ready;
                return WriteAsync(context.Response, ready, ready ? "ready" : "unready");
            case "/health/startup":
                var started = _health.Started;
                return WriteAsync(context.Response, started, started ? "started" : "starting");
            default:
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                return Task.CompletedTask;
        }
    }

    private async Task WriteAsync(HttpResponse response, bool well, string status)
    {
        response.StatusCode = well ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        response.ContentType = "application/json";
        response.Headers.CacheControl = "no-store";
        using (var json = new Utf8JsonWriter(response.BodyWriter))
        {
            json.WriteStartObject();
            json.WriteString("status", status);
            if (!well && _health.Reason is { } reason)
            {
                json.WriteString("reason", reason);
            }

            json.WriteEndObject();
        }

        await response.BodyWriter.FlushAsync();
    }
}
