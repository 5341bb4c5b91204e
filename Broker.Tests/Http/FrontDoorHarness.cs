using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Broker.Node.Configuration.Options;
using Broker.Node.Http;
using Broker.Node.Transports.WebSocket;
using Broker.Tests.Listening;
using Broker.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Broker.Tests.Http;

/// <summary>The public port as it will be: listener, a (fake) connection graph, the front door, and an application behind it.</summary>
internal sealed class FrontDoorHarness : IAsyncDisposable
{
    private readonly TestCertificate? _certificate;

    private FrontDoorHarness(WebApplication app, FakePipeline pipeline, FakeUpgradeGate gate, TestCertificate? certificate)
    {
        App = app;
        Pipeline = pipeline;
        Gate = gate;
        _certificate = certificate;
    }

    public WebApplication App { get; }

    public FakePipeline Pipeline { get; }

    public FakeUpgradeGate Gate { get; }

    public ListenerHarness Listener { get; private set; } = null!;

    public TaskCompletionSource SlowStarted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource SlowAborted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>For a client that trusts the harness's root.</summary>
    public SslClientAuthenticationOptions ClientTls => new() { TargetHost = "localhost", CertificateChainPolicy = _certificate?.Policy };

    public Uri Address => new($"{(_certificate is null ? "http" : "https")}://localhost:{Listener.Binding.EndPoint.Port}/");

    public static async Task<FrontDoorHarness> StartAsync(bool tls = false, LimitOptions? limits = null, int? readAtLeast = null, Action<WebApplicationBuilder>? configure = null)
    {
        limits ??= new LimitOptions();
        var pipeline = new FakePipeline(readAtLeast);
        var gate = new FakeUpgradeGate();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var options = new BrokerOptions { Limits = limits, Listen = new() { Tls = new() { Enabled = tls } } };
        builder.Services.AddSingleton(options).AddSingleton<IConnectionPipeline>(pipeline).AddSingleton<IUpgradeGate>(gate).AddFrontDoor(options);
        configure?.Invoke(builder);
        var harness = new FrontDoorHarness(builder.Build(), pipeline, gate, tls ? new TestCertificate() : null);
        pipeline.Door = harness.App.Services.GetRequiredService<IHttpFrontDoor>();
        harness.Map();
        await harness.App.StartAsync(TestContext.Current.CancellationToken);
        harness.Listener = await ListenerHarness.StartAsync(limits, tls: harness._certificate?.Options, handle: pipeline.Start);
        return harness;
    }

    public HttpClient CreateClient()
    {
        var handler = new SocketsHttpHandler();
        handler.SslOptions.CertificateChainPolicy = _certificate?.Policy;
        return new HttpClient(handler) { BaseAddress = Address };
    }

    /// <summary>A connection to write requests on by hand.</summary>
    public async Task<RawClient> ConnectAsync()
    {
        var socket = await Listener.ConnectAsync();
        if (_certificate is null)
        {
            return new RawClient(socket, new NetworkStream(socket));
        }

        var stream = new SslStream(new NetworkStream(socket));
        await stream.AuthenticateAsClientAsync(ClientTls, TestContext.Current.CancellationToken);
        return new RawClient(socket, stream);
    }

    public Task NothingIsLeftAsync() => Eventually.IsTrueAsync(
        () => Listener.Admission is { Connections: 0, Handshakes: 0, Addresses: 0 },
        $"nothing left; connections {Listener.Admission.Connections}");

    public async ValueTask DisposeAsync()
    {
        await App.DisposeAsync();
        await Listener.DisposeAsync();
        _certificate?.Dispose();
    }

    private void Map()
    {
        App.MapGet("/", () => "page");
        App.MapGet("/about", (HttpContext context) =>
            $"{context.Request.Scheme} {new IPEndPoint(context.Connection.RemoteIpAddress!, context.Connection.RemotePort)} {new IPEndPoint(context.Connection.LocalIpAddress!, context.Connection.LocalPort)}");
        App.MapGet("/large", () => Results.Bytes(new byte[2 * 1024 * 1024]));
        App.MapPost("/length", async (HttpContext context) =>
        {
            long length = 0;
            var sum = 0;
            var buffer = new byte[8192];
            int count;
            while ((count = await context.Request.Body.ReadAsync(buffer)) > 0)
            {
                length += count;
                foreach (var value in buffer.AsSpan(0, count))
                {
                    sum = unchecked((sum * 31) + value);
                }
            }

            return $"{length} {sum}";
        });
        App.MapGet("/slow", async (HttpContext context) =>
        {
            SlowStarted.TrySetResult();
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            SlowAborted.TrySetResult();
        });
    }
}
