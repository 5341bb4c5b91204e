namespace Broker.Node.Configuration.Options;

/// <summary>The whole of <c>broker { … }</c> after reading, binding and validation; immutable.</summary>
public sealed record BrokerOptions
{
    public NodeOptions Node { get; init; } = new();
    public ListenOptions Listen { get; init; } = new();
    public OpsOptions Ops { get; init; } = new();
    public ClusterOptions Cluster { get; init; } = new();
    public AuthOptions Auth { get; init; } = new();
    public OriginOptions Origins { get; init; } = new();
    public LimitOptions Limits { get; init; } = new();
    public MemoryOptions Memory { get; init; } = new();
    public RateOptions Rate { get; init; } = new();
    public MessageDeflateOptions Deflate { get; init; } = new();
    public EchoOptions Echo { get; init; } = new();
    public HeartbeatOptions Heartbeat { get; init; } = new();
    public LaneOptions Lanes { get; init; } = new();
    public HookOptions Hooks { get; init; } = new();
    public RoomsOptions Rooms { get; init; } = new();
    public DrainOptions Drain { get; init; } = new();
    public PlatformOptions Platform { get; init; } = new();

    public UserTopicOptions UserTopic { get; init; } = new();

    /// <summary><c>broker.topics</c>: the first entry whose pattern matches decides a topic's settings.</summary>
    public IReadOnlyList<TopicOptions> Topics { get; init; } = [];

    /// <summary><c>broker.greeting</c>: text sent as <c>welcome.message</c>; null sends none.</summary>
    public string? Greeting { get; init; }

    /// <summary><c>broker.page</c>: whether the program serves its demo page.</summary>
    public bool Page { get; init; } = true;
}

/// <summary><c>broker.node</c>.</summary>
public sealed record NodeOptions
{
    /// <summary>Name shown to clients in <c>welcome.node</c>; empty: the uid of its cluster membership.</summary>
    public string Name { get; init; } = "";
}

/// <summary><c>broker.ops</c>: the operations port (health).</summary>
public sealed record OpsOptions
{
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>TCP port; null: the public port + 1000 (0 when the public port is 0).</summary>
    public int? Port { get; init; }
}

/// <summary><c>broker.echo</c>: an endpoint for conformance suites.</summary>
public sealed record EchoOptions
{
    public const string Path = "/echo";

    public bool Enabled { get; init; }
}

/// <summary><c>broker.heartbeat</c>.</summary>
public sealed record HeartbeatOptions
{
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(25);

    /// <summary>Silence accepted after a ping.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(8);
}

/// <summary><c>broker.lanes</c>: cross-node broadcast. Count must be the same on every node.</summary>
public sealed record LaneOptions
{
    /// <summary>Partitions of topics that the lanes share, each lane as many.</summary>
    public const int Partitions = 256;

    public int Count { get; init; } = 8;

    /// <summary>Bytes kept for a peer until it acknowledges them.</summary>
    public int Window { get; init; } = 2 * 1024 * 1024;

    /// <summary>Bytes at which an envelope closes.</summary>
    public int Envelope { get; init; } = 64 * 1024;

    /// <summary>How long publishers wait for a full window before the peer is skipped.</summary>
    public TimeSpan SkipAfter { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Silence on hellos after which a peer no longer holds the ready gate.</summary>
    public TimeSpan HelloTimeout { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary><c>broker.hooks</c>: the application's answers about clients.</summary>
public sealed record HookOptions
{
    /// <summary>How long each may take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);
}

/// <summary><c>broker.rooms</c>.</summary>
public sealed record RoomsOptions
{
    /// <summary>How long two or more who wait for a match wait for others before they get a room of their own.</summary>
    public TimeSpan MatchWait { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Most rooms on the node beyond which no new one is made; those of other nodes may still move here.</summary>
    public int Max { get; init; } = 20_000;

    /// <summary>In place of <c>broker.heartbeat</c> for connections with a seat in a room with steps.</summary>
    public HeartbeatOptions Heartbeat { get; init; } = new() { Interval = TimeSpan.FromSeconds(5), Timeout = TimeSpan.FromSeconds(3) };

    /// <summary>Kinds beside the built-in ones and those of the application.</summary>
    public IReadOnlyList<RoomKindOptions> Kinds { get; init; } = [];
}

/// <summary>An entry of <c>broker.rooms.kinds</c>.</summary>
public sealed record RoomKindOptions
{
    /// <summary>What clients call it.</summary>
    public string Name { get; init; } = "";

    /// <summary>Path of the assembly; relative: to the directory that the node was started in.</summary>
    public string Assembly { get; init; } = "";

    /// <summary>Full name of the room's class.</summary>
    public string Type { get; init; } = "";
}

/// <summary><c>broker.drain</c>: orderly stop.</summary>
public sealed record DrainOptions
{
    /// <summary>Time over which the closes of all connections are spread.</summary>
    public TimeSpan Time { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Pause between failing readiness and the first close, so that load balancers look away.</summary>
    public TimeSpan Delay { get; init; } = TimeSpan.Zero;
}

/// <summary><c>broker.platform</c>: what the node is told about where it runs.</summary>
public sealed record PlatformOptions
{
    /// <summary>Time the platform leaves between SIGTERM and SIGKILL; an orderly stop must fit.</summary>
    public TimeSpan GracePeriod { get; init; } = TimeSpan.FromSeconds(90);
}
