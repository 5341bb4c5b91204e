using System.Net.Security;
using Broker.Tests.Support;

namespace Broker.Tests.Hostile;

/// <summary>A node behind TLS, and clients that speak HTTP/2 with it.</summary>
public sealed class Http2Node : IAsyncLifetime
{
    private readonly TestCertificate _certificate = new();

    internal HostileNode Node { get; private set; } = null!;

    /// <summary>Path of the root, PEM.</summary>
    internal string Root { get; private set; } = "";

    internal static async Task<Http2Node> StartAsync(string config)
    {
        var started = new Http2Node();
        await started.OpenAsync(config);
        return started;
    }

    public async ValueTask InitializeAsync() => await OpenAsync("");

    public async ValueTask DisposeAsync()
    {
        await Node.DisposeAsync();
        _certificate.Dispose();
    }

    /// <summary>A client whose requests are streams of one connection; to be disposed of before the oracle is asked.</summary>
    internal HttpMessageInvoker OneConnection() => new(new SocketsHttpHandler { SslOptions = Node.Tls! });

    /// <summary>A WebSocket and its welcome, of <paramref name="http"/> or on a connection of its own.</summary>
    internal async Task<RawWebSocket> ClientAsync(HttpMessageInvoker? http = null)
    {
        var socket = await RawWebSocket.ConnectHttp2Async("127.0.0.1", Node.Port, Node.Tls!, http: http, cancellation: Deadline.Cancel);
        Assert.Equal(200, socket.Status);
        await HostileNode.ReadAsync(socket, "welcome");
        return socket;
    }

    internal Task<RawHttp2> DialAsync() => RawHttp2.ConnectAsync(Node.Port, Node.Tls!, cancellation: Deadline.Cancel);

    private async Task OpenAsync(string config)
    {
        Root = Path.Combine(_certificate.Folder, "root.pem");
        await File.WriteAllTextAsync(Root, _certificate.Root.ExportCertificatePem());
        Node = await HostileNode.StartAsync(HostileNode.Open + "broker.deflate.enabled = on\n" + _certificate.Configuration + config, tls: new SslClientAuthenticationOptions { TargetHost = "localhost", CertificateChainPolicy = _certificate.Policy });
    }
}
