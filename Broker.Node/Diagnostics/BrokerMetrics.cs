using System.Diagnostics.Metrics;
using Broker.Node.Configuration.Options;
using Broker.Protocol.Wire;

namespace Broker.Node.Diagnostics;

/// <summary>
/// The instruments of one node. Its <see cref="Meter"/>, named <see cref="MeterName"/>, is the node's own, so that several
/// nodes of a process can be told apart. Values of tags come from enumerations and never from clients; each offence counts
/// once, where it is decided. Thread-safe.
/// </summary>
internal sealed class BrokerMetrics
{
    public const string MeterName = "Broker";

    private const string Reason = "reason";
    private const string Policy = "policy";
    private const string Transport = "transport";

    private readonly Counter<long> _connectionsRefused;
    private readonly Counter<long> _handshakesRefused;
    private readonly Counter<long> _tokensRefused;
    private readonly Counter<long> _requestsRefused;
    private readonly Counter<long> _abuses;
    private readonly Counter<long> _closed;
    private readonly Counter<long> _certificatesRefused;
    private readonly Counter<long> _skipped;
    private readonly Counter<long> _memoryCuts;
    private readonly UpDownCounter<long> _connections;
    private readonly UpDownCounter<long> _streams;
    private readonly Histogram<double> _latency;

    public BrokerMetrics(IMeterFactory factory)
    {
        Meter = factory.Create(MeterName);
        _connectionsRefused = Meter.CreateCounter<long>("broker.connections.refused", "{connection}", "Connections refused or dropped before their request was answered, by reason");
        _handshakesRefused = Meter.CreateCounter<long>("broker.handshakes.refused", "{handshake}", "TLS handshakes, PROXY headers and upgrade requests refused, by reason");
        _tokensRefused = Meter.CreateCounter<long>("broker.tokens.refused", "{token}", "Tokens refused, by reason; throttled ones were not looked at");
        _requestsRefused = Meter.CreateCounter<long>("broker.requests.refused", "{request}", "Error replies, by code");
        _abuses = Meter.CreateCounter<long>("broker.abuse", "{connection}", "Connections closed for abuse, by kind");
        _closed = Meter.CreateCounter<long>("broker.connections.closed", "{connection}", "Connections that the server closed, by code and reason; 1006 are cut without a close frame");
        _certificatesRefused = Meter.CreateCounter<long>("broker.certificates.refused", "{certificate}", "Changed TLS certificates that cannot be used: the old one stays");
        _skipped = Meter.CreateCounter<long>("broker.topics.skipped", "{subscription}", "Times a slow subscriber skipped what waited for it, by policy of the topic");
        _memoryCuts = Meter.CreateCounter<long>("broker.memory.cuts", "{subscription}", "Lagging subscribers cut because the node has no room for what is kept for them, by policy of the topic");
        _connections = Meter.CreateUpDownCounter<long>("broker.connections", "{connection}", "Connections of clients open, by transport");
        _streams = Meter.CreateUpDownCounter<long>("broker.connections.streams", "{connection}", "WebSocket connections open that are streams of HTTP/2 connections");
        _latency = Meter.CreateHistogram<double>("broker.connection.latency", "s", "Round trip of a ping to a client");
    }

    public Meter Meter { get; }

    public void ConnectionRefused(AdmissionRefusal refusal) => _connectionsRefused.Add(1, Tag(Reason, MetricNames.Of(refusal)));

    public void HandshakeRefused(HandshakeRefusal refusal) => _handshakesRefused.Add(1, Tag(Reason, MetricNames.Of(refusal)));

    public void TokenRefused(TokenRefusal refusal) => _tokensRefused.Add(1, Tag(Reason, MetricNames.Of(refusal)));

    public void RequestRefused(ErrorCode code) => _requestsRefused.Add(1, Tag("code", ErrorCodes.Name(code)));

    public void Abused(AbuseKind kind) => _abuses.Add(1, Tag("kind", MetricNames.Of(kind)));

    public void Closed(DisconnectReason reason) => Closed(reason.Code, reason.Reason);

    /// <summary>A peer that answered no ping was cut: it sees no close frame.</summary>
    public void Cut() => Closed(1006, "heartbeat");

    public void CertificateRefused() => _certificatesRefused.Add(1);

    /// <param name="policy">Of the topic: skip or latest.</param>
    /// <param name="subscribers">That skipped.</param>
    public void Skipped(SlowPolicy policy, int subscribers) => _skipped.Add(subscribers, Tag(Policy, MetricNames.Of(policy)));

    public void MemoryCut(SlowPolicy policy, int subscribers) => _memoryCuts.Add(subscribers, Tag(Policy, MetricNames.Of(policy)));

    public void Opened(ClientTransport transport) => _connections.Add(1, Tag(Transport, MetricNames.Of(transport)));

    public void Ended(ClientTransport transport) => _connections.Add(-1, Tag(Transport, MetricNames.Of(transport)));

    public void StreamOpened() => _streams.Add(1);

    public void StreamEnded() => _streams.Add(-1);

    public void PongReceived(TimeSpan roundTrip) => _latency.Record(roundTrip.TotalSeconds);

    /// <summary>Shows the totals of the links between nodes from now on.</summary>
    public void ShowLinks(Func<long> gaps, Func<long> skips, Func<long> lost)
    {
        Meter.CreateObservableCounter("broker.links.gaps", gaps, "{gap}", "Gaps shown to subscribers here for what a peer could not deliver");
        Meter.CreateObservableCounter("broker.links.skips", skips, "{skip}", "Times a peer did not take its share and was skipped");
        Meter.CreateObservableCounter("broker.links.lost", lost, "{message}", "Messages given up that were kept for a peer");
    }

    /// <summary>Shows what is kept for lagging subscribers, and for single connections, from now on.</summary>
    public void ShowMemory(Func<long> logs, Func<long> connections)
    {
        Meter.CreateObservableGauge("broker.memory.logs", logs, "By", "Bytes of messages kept for subscribers that lag behind");
        Meter.CreateObservableGauge("broker.memory.connections", connections, "By", "Bytes kept for single connections");
    }

    /// <summary>Shows what sequenced topics take of the node from now on.</summary>
    public void ShowHistory(Func<long> bytes, Func<long> topics)
    {
        Meter.CreateObservableGauge("broker.memory.history", bytes, "By", "Bytes of history and kept entries");
        Meter.CreateObservableGauge("broker.topics.sequenced", topics, "{topic}", "Sequenced topics of which the node knows something");
    }

    private void Closed(int code, string reason) => _closed.Add(1, Tag("code", code), Tag(Reason, reason));

    private static KeyValuePair<string, object?> Tag(string key, object value) => new(key, value);
}
