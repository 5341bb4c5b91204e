using System.Globalization;

namespace Broker.Bench.EndToEnd;

/// <summary>Everything that is measured.</summary>
internal static class Scenarios
{
    private static readonly Metric[] Throughput = [Metric.Cpu, Metric.Deliveries, Metric.Median, Metric.Tail];

    private static readonly Metric[] Gathered = [.. Throughput, Metric.Frames];

    private static readonly Metric[] Compressed = [.. Throughput, Metric.Bytes];

    private static readonly Metric[] Idle = [Metric.Memory, Metric.Opening, Metric.OpeningCpu];

    private static readonly string[] BesideNats = ["broker", "nats"];

    private static readonly string[] WithoutWebSocket = ["broker", "broker-sse", "broker-poll"];

    private static readonly Load Pairs = new(200) { Topics = 100, Publishers = 100, Window = 4 };

    private static readonly Load Small = new(20) { Rate = 200, Duration = 2 };

    private static readonly Load Huge = new(1000) { Rate = 20, TopicPrefix = "huge" };

    private static readonly Load Piloted = new(301) { Pilot = true };

    public static IReadOnlyList<ScenarioGroup> Groups { get; } =
    [
        new("One node", Throughput,
        [
            new("F16", "1 publisher to 1,000, 16 in flight", new Load(1000)) { Goals = Cpu("≤ 0.33") },
            new("F1", "1 publisher to 1,000, one at a time", new Load(1000) { Window = 1 }) { Goals = Cpu("≤ 0.30") },
            new("R10", "50 topics with 10 each, each one at a time", new Load(500) { Topics = 50, Publishers = 50, Window = 1 }) { Goals = Cpu("≤ 0.60") },
            new("P2", "100 pairs, 4 in flight", Pairs) { Goals = Cpu("≤ 0.75") },
        ]),
        new("Latency at little load", [Metric.Median, Metric.Tail],
        [
            new("L20", "20 messages a second to 1,000", new Load(1000) { Rate = 20, Duration = 4 }) { Goals = Goal(Metric.Tail, "≤ 1.0") },
        ]),
        new("200 messages a second to 20, and what a huge topic does to them", [Metric.Median, Metric.Tail],
        [
            new("SMALL", "alone", Small),
            new("SMALLHUGE", "beside 20 messages a second to 1,000 on the same server", Small) { Beside = Huge },
            new("SMALLAPART", "beside 20 messages a second to 1,000 on another server of the machine", Small) { Beside = Huge, BesideElsewhere = true },
        ]) { Peers = BesideNats },
        new("Connections", Idle,
        [
            new("IDLE", "10,000 connections, each with a subscription", new Load(10_000) { ConnectOnly = true })
            {
                Goals = new Dictionary<Metric, string> { [Metric.Memory] = "≤ 16 KiB", [Metric.Opening] = "≥ 3,000" },
            },
        ]),
        new("Connections of a server that has had as many before", [Metric.Opening, Metric.OpeningCpu],
        [
            new("OPEN", "10,000 connections, each with a subscription", new Load(10_000) { ConnectOnly = true, Rehearsed = true })
            {
                Goals = Goal(Metric.Opening, "≥ 3,000"),
            },
        ]),
        new("Two nodes, the publishers on one and the subscribers on the other", Throughput,
        [
            new("X1", "1 to 1, 256 in flight", new Load(2) { Pilot = true, Window = 256 }) { Nodes = 2, Goals = Cpu("≤ 2.0") },
            new("X100", "1 to 100, 16 in flight", new Load(101) { Pilot = true }) { Nodes = 2, Goals = Cpu("≤ 0.80") },
            new("XP", "100 pairs, 4 in flight", Pairs with { Pilot = true }) { Nodes = 2, Goals = Cpu("≤ 0.90") },
            new("XL", "1 to 1, one at a time", new Load(2) { Pilot = true, Window = 1 }) { Nodes = 2, Goals = Goal(Metric.Median, "≤ 2.0") },
        ]),
        new("Topics with one order for all and a history of 100, beside broadcast", Throughput,
        [
            .. Sequenced("SEQ", "one node", nodes: 1),
            .. Sequenced("SEQX", "three nodes", nodes: 3),
        ]) { Peers = ["broker"] },
        new("Growth with the subscribers of a topic", Throughput, [.. Series("SUBS", [1, 10, 100, 1000, 10_000], "subscribers", static n => new Load(n))]) { Peers = BesideNats },
        new("Growth with the topics, 400 messages in flight", Throughput, [.. Series("TOPICS", [1, 10, 100, 1000, 10_000], "topics", Topics)]) { Peers = BesideNats },
        new("Growth with the payload, 100 subscribers", Throughput, [.. Series("SIZE", [16, 100, 1000, 10_000, 60_000], "bytes", Payload)]) { Peers = BesideNats },
        new("Growth with the nodes, 300 subscribers", Throughput,
        [
            new("NODES1", "1 node", Piloted),
            new("NODES2", "2 nodes, subscribers on both", Piloted) { Nodes = 2, Spread = true },
            new("NODES3", "3 nodes, subscribers on all", Piloted) { Nodes = 3, Spread = true },
            new("NODES3ONE", "3 nodes, subscribers on one that has no publisher", Piloted) { Nodes = 3 },
        ]) { Peers = BesideNats },
        new("Growth with the connections", Idle, [.. Series("CONNS", [1000, 5000, 10_000, 15_000], "idle connections", static n => new Load(n) { ConnectOnly = true })]) { Peers = BesideNats },
        new("TLS", Throughput,
        [
            new("F16PLAIN", "1 publisher to 1,000, 16 in flight, ws", new Load(1000)),
            new("F16TLS", "1 publisher to 1,000, 16 in flight, wss", new Load(1000)) { Tls = true },
            new("P2PLAIN", "100 pairs, 4 in flight, ws", Pairs),
            new("P2TLS", "100 pairs, 4 in flight, wss", Pairs) { Tls = true },
        ]) { Peers = BesideNats },
        new("TLS, connections", Idle, [new("IDLETLS", "1,000 connections, wss", new Load(1000) { ConnectOnly = true }) { Tls = true }]) { Peers = BesideNats },
        new("MessagePack beside JSON", Throughput,
        [
            new("F16FORMAT", "1 publisher to 1,000, 16 in flight", new Load(1000)),
            new("P2FORMAT", "100 pairs, 4 in flight", Pairs),
        ]) { Peers = ["broker", "broker-msgpack"] },
        new("Pushes gathered for 10 ms", Gathered,
        [
            new("BATCHFAN", "1 publisher to 100, 2,000 messages a second", new Load(100) { Rate = 2000 }),
            new("BATCHTOPICS", "100 connections with 20 of 100 topics each, 2,000 messages a second", new Load(100) { Publishers = 20, Topics = 100, TopicsEach = 20, Rate = 2000 }),
            new("BATCHFEW", "20 messages a second to 1,000", new Load(1000) { Rate = 20, Duration = 4 }),
        ]) { Peers = ["broker", "broker-batch"] },
        new("Subscribers without a WebSocket; publishers go on when the first subscribers have it", Throughput,
        [
            new("F16HTTP", "1 publisher to 1,000, 16 in flight", new Load(1001) { Pilot = true }),
            new("P2HTTP", "100 pairs, 4 in flight", Pairs with { Pilot = true }),
        ]) { Peers = WithoutWebSocket },
        new("Connections without a WebSocket", Idle, [new("IDLEHTTP", "10,000 connections, each with a subscription", new Load(10_000) { ConnectOnly = true })]) { Peers = WithoutWebSocket },
        new("permessage-deflate", Compressed,
        [
            new("F16OFF", "1 publisher to 1,000, 4 in flight, 4,000 bytes of text, off", new Load(1000) { Size = 4000, Window = 4 }),
            new("F16DEFLATE", "1 publisher to 1,000, 4 in flight, 4,000 bytes of text, on", new Load(1000) { Size = 4000, Window = 4, Deflate = true }),
        ]) { Peers = BesideNats },
    ];

    private static Dictionary<Metric, string> Cpu(string goal) => Goal(Metric.Cpu, goal);

    private static Dictionary<Metric, string> Goal(Metric metric, string goal) => new() { [metric] = goal };

    private static IEnumerable<Scenario> Series(string name, int[] steps, string unit, Func<int, Load> load) =>
        steps.Select(step => new Scenario($"{name}{step}", string.Create(CultureInfo.InvariantCulture, $"{unit}: {step:#,0}"), load(step)));

    /// <summary>Each shape twice: broadcast, and sequenced.</summary>
    private static IEnumerable<Scenario> Sequenced(string name, string where, int nodes)
    {
        (string Name, string Title, Load Load)[] shapes =
        [
            ("F16", "1 publisher to 1,000, 16 in flight", new Load(1000)),
            ("F1", "1 publisher to 1,000, one at a time", new Load(1000) { Window = 1 }),
            ("R10", "50 topics with 10 each, each one at a time", new Load(500) { Topics = 50, Publishers = 50, Window = 1 }),
        ];
        foreach (var shape in shapes)
        {
            yield return new Scenario($"{name}{shape.Name}B", $"{where}, {shape.Title}, broadcast", shape.Load) { Nodes = nodes };
            yield return new Scenario($"{name}{shape.Name}", $"{where}, {shape.Title}, sequenced", shape.Load with { TopicPrefix = "seq." }) { Nodes = nodes };
        }
    }

    // The same number of messages in flight and two deliveries a publish at every step; from 100 pairs on, each has more topics.
    private static Load Topics(int count)
    {
        var pairs = Math.Min(count, 100);
        return new Load(2 * pairs) { Publishers = pairs, Topics = count, TopicsEach = count / pairs, Window = 400 / pairs };
    }

    // At the top one in flight: 16 would be what a connection may lag behind.
    private static Load Payload(int bytes) => new(100) { Size = bytes, Window = bytes > 10_000 ? 1 : 16 };
}
