using System.Net.Security;
using Broker.Tests.Hostile;
using Broker.Tests.Support;

namespace Broker.Tests.Conformance;

/// <summary>One node with the echo endpoint for all tests of a class, and a canary pair whose rate and silence are never too much.</summary>
public class ConformanceNode : IAsyncLifetime
{
    private const string Config = HostileNode.Open + """
        broker { echo.enabled = on
          heartbeat.interval = 1h
          rate { messages = 1000000
            burst = 1000000
            control = 1000000
            control-burst = 1000000 } }

        """;

    internal HostileNode Node { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Node = await StartAsync();

    public virtual async ValueTask DisposeAsync()
    {
        await Node.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Plays a case and has the node checked; a peer that does nothing may take a few seconds, or minutes in the long form.</summary>
    internal async Task<CaseResult> PlayAsync(ConformanceCase what)
    {
        using var time = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        using var failure = new CancellationTokenSource();
        time.CancelAfter(Exchange.Full ? TimeSpan.FromMinutes(8) : TimeSpan.FromSeconds(30));
        var patience = new Patience(Start, time.Token);
        var result = await CaseRun.PlayAsync(what, headers => ConnectAsync(headers, time.Token), patience);
        await Node.IsUnharmedAsync();
        return result;

        CancellationToken Start()
        {
            failure.CancelAfter(TimeSpan.FromSeconds(5));
            return failure.Token;
        }
    }

    /// <summary>The node plays a case as <c>expected-results.json</c> has it.</summary>
    internal async Task ConformsAsync(string id)
    {
        var result = await PlayAsync(Catalogue.Get(id));
        var expected = ExpectedResults.Of(id);
        Assert.True(result.Verdict == expected, $"{expected} was expected: {result}");
    }

    internal virtual Task<HostileNode> StartAsync() => HostileNode.StartAsync(Config);

    internal virtual Task<RawWebSocket> ConnectAsync((string, string)[] headers, CancellationToken cancellation) =>
        RawWebSocket.ConnectAsync("127.0.0.1", Node.Port, "/echo", null, headers, Node.Tls, cancellation);

    /// <summary>The same as streams of HTTP/2 connections.</summary>
    public sealed class Http2 : Secure
    {
        internal override Task<RawWebSocket> ConnectAsync((string, string)[] headers, CancellationToken cancellation) =>
            RawWebSocket.ConnectHttp2Async("127.0.0.1", Node.Port, Node.Tls!, "/echo", headers, cancellation: cancellation);
    }

    /// <summary>The same behind TLS.</summary>
    public class Secure : ConformanceNode
    {
        private readonly TestCertificate _certificate = new();

        public override async ValueTask DisposeAsync()
        {
            await base.DisposeAsync();
            _certificate.Dispose();
            GC.SuppressFinalize(this);
        }

        internal override Task<HostileNode> StartAsync()
        {
            return HostileNode.StartAsync(Config + _certificate.Configuration, tls: new SslClientAuthenticationOptions { TargetHost = "localhost", CertificateChainPolicy = _certificate.Policy });
        }
    }
}
