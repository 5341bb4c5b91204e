using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Akka.Actor;
using Akka.Cluster;
using Akka.Event;
using Akka.Remote.Transport.DotNetty;
using Broker.Node.Configuration;
using Broker.Node.Hosting;

namespace Broker.Tests.Configuration;

public sealed class ClusterTlsSpecs : IDisposable
{
    private readonly TestCertificates _ours = new();
    private readonly TestCertificates _other = new();
    private readonly TemporaryDirectory _directory = new();

    /// <summary>How long a refusal that never comes holds a failing test.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Node_with_a_certificate_of_our_authority_joins()
    {
        await using var a = await StartAsync();
        await using var b = Start(_ours.Issue(dnsName: "node-2.broker.test"));
        Assert.Equal("akka.ssl.tcp", a.Cluster.SelfAddress.Protocol);
        await b.Cluster.JoinAsync(a.Cluster.SelfAddress, Stop);
        await b.SeesUpAsync(a.Cluster.SelfAddress).WaitAsync(Patience, Stop);
        await a.SeesUpAsync(b.Cluster.SelfAddress).WaitAsync(Patience, Stop);
    }

    [Theory]
    [InlineData("other authority", "is not trusted")]
    [InlineData("expired", "NotTimeValid")]
    [InlineData("wrong name", "does not carry the name")]
    public async Task Node_with_a_wrong_certificate_is_refused_and_membership_stays(string wrong, string reason)
    {
        await using var a = await StartAsync();
        var refused = Refusal(a.System);
        using var certificate = wrong switch
        {
            "other authority" => _other.Issue(),
            "expired" => _ours.Issue(days: -1),
            _ => _ours.Issue(dnsName: "web.example.test"),
        };
        await using var intruder = Intruder(certificate);
        intruder.Cluster.Join(a.Cluster.SelfAddress);
        Assert.Contains(reason, await refused.WaitAsync(Patience, Stop), StringComparison.Ordinal);
        await AssertUnharmedAsync(a);
    }

    [Fact]
    public async Task Node_refuses_to_join_a_cluster_with_a_wrong_certificate()
    {
        await using var foreign = Intruder(_other.Issue());
        await foreign.Cluster.JoinAsync(foreign.Cluster.SelfAddress, Stop);
        await using var b = Start(_ours.Issue());
        var refused = Refusal(b.System);
        b.Cluster.Join(foreign.Cluster.SelfAddress);
        Assert.Contains("is not trusted", await refused.WaitAsync(Patience, Stop), StringComparison.Ordinal);
        Assert.Single(foreign.Cluster.State.Members);
    }

    [Fact]
    public async Task Connection_without_a_certificate_is_refused()
    {
        await using var a = await StartAsync();
        using var client = await ConnectAsync(a);
        await using var tls = new SslStream(client.GetStream());
        var options = new SslClientAuthenticationOptions { TargetHost = "node", EnabledSslProtocols = SslProtocols.Tls12, RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null };
        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            await tls.AuthenticateAsClientAsync(options, Stop);
            Assert.NotEqual(0, await tls.ReadAsync(new byte[1], Stop));
        });
        await AssertUnharmedAsync(a);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Http_and_noise_on_the_remoting_port_leave_the_node_up(bool tls)
    {
        await using var a = tls ? await StartAsync() : await ClusterNode.StartAsync();
        foreach (var bytes in new[] { "GET / HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray(), RandomNumberGenerator.GetBytes(4096), [0x16, 0x03, 0x01], [0xFF, 0xFF, 0xFF, 0xFF] })
        {
            using var client = await ConnectAsync(a);
            var stream = client.GetStream();
            await stream.WriteAsync(bytes, Stop);
            client.Client.Shutdown(SocketShutdown.Send);
            try
            {
                await stream.CopyToAsync(Stream.Null, Stop);
            }
            catch (IOException)
            {
                // A reset ends the connection as well as a close does.
            }
        }

        await AssertUnharmedAsync(a, tls);
    }

    [Theory]
    [InlineData("wrong name", "broker.cluster.tls.certificate: peers would refuse it: certificate CN=node does not carry the name")]
    [InlineData("expired", "broker.cluster.tls.certificate: peers would refuse it")]
    [InlineData("other key", "broker.cluster.tls: ")]
    [InlineData("no authority", "broker.cluster.tls.authority: ")]
    [InlineData("no PEM", "broker.cluster.tls: ")]
    [InlineData("no file", "broker.cluster.tls: ")]
    public void Certificate_that_peers_would_refuse_stops_the_start(string wrong, string expected)
    {
        using var certificate = wrong switch
        {
            "wrong name" => _ours.Issue(dnsName: "web.example.test"),
            "expired" => _ours.Issue(days: -1),
            _ => _ours.Issue(),
        };
        var options = ClusterNode.Load(_ours.Configure(_directory, certificate)).Options!.Cluster.Tls;
        options = wrong switch
        {
            "other key" => options with { Key = _directory.Write("other.key", _ours.Issue().GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem()) },
            "no authority" => options with { Authority = _directory.Write("empty.ca", "# nothing") },
            "no PEM" => options with { Certificate = _directory.Write("bad.crt", "nothing") },
            "no file" => options with { Certificate = "nowhere" },
            _ => options,
        };
        Assert.Null(ClusterTls.TryLoad(options, TimeProvider.System, out var error));
        Assert.StartsWith(expected, error, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error!);
    }

    public void Dispose()
    {
        _ours.Dispose();
        _other.Dispose();
        _directory.Dispose();
    }

    private Task<ClusterNode> StartAsync() => ClusterNode.StartAsync(_ours.Configure(_directory, _ours.Issue()));

    private ClusterNode Start(X509Certificate2 certificate) =>
        new(NodeSystemSetup.TryCreate(ClusterNode.Load(_ours.Configure(_directory, certificate)), TimeProvider.System, out _)!);

    /// <summary>A node with this certificate that takes any certificate of others.</summary>
    private ClusterNode Intruder(X509Certificate2 certificate)
    {
        var configuration = ClusterNode.Load(_ours.Configure(_directory, certificate));
        return new ClusterNode(BootstrapSetup.Create().WithConfig(AkkaConfig.ToConfig(configuration.Akka!))
            .And(new DotNettySslSetup(certificate, suppressValidation: false, requireMutualAuthentication: true, (_, _, _, _, _) => true)));
    }

    /// <summary>The first refusal a node logs.</summary>
    private static Task<string> Refusal(ActorSystem system)
    {
        var refused = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var listener = system.ActorOf(Props.Create(() => new Listener(refused)));
        system.EventStream.Subscribe(listener, typeof(Warning));
        return refused.Task;
    }

    private static async Task<TcpClient> ConnectAsync(ClusterNode node)
    {
        var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, node.Cluster.SelfAddress.Port!.Value, Stop);
        return client;
    }

    /// <summary>The node is alone, Up, and still lets a good one join.</summary>
    private async Task AssertUnharmedAsync(ClusterNode node, bool tls = true)
    {
        Assert.False(node.System.WhenTerminated.IsCompleted);
        Assert.Equal(MemberStatus.Up, Assert.Single(node.Cluster.State.Members).Status);
        await using var good = tls ? Start(_ours.Issue(dnsName: "node-9.broker.test")) : new ClusterNode(NodeSystemSetup.TryCreate(ClusterNode.Load(""), TimeProvider.System, out _)!);
        await good.Cluster.JoinAsync(node.Cluster.SelfAddress, Stop);
        await good.SeesUpAsync(node.Cluster.SelfAddress).WaitAsync(Patience, Stop);
    }

    private sealed class Listener : ReceiveActor
    {
        public Listener(TaskCompletionSource<string> refused) => Receive<Warning>(warning =>
        {
            if (warning.Message.ToString()!.StartsWith("Refused a cluster connection", StringComparison.Ordinal))
            {
                refused.TrySetResult(warning.Message.ToString()!);
            }
        });
    }
}
