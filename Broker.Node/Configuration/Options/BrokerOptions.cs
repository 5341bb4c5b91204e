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
    public DrainOptions Drain { get; init; } = new();
    public PlatformOptions Platform { get; init; } = new();

    /// <summary><c>broker.topics</c>: the first entry whose pattern matches decides a topic's settings.</summary>
    public IReadOnlyList<TopicOptions> Topics { get; init; } = [];

    /// <summary><c>broker.greeting</c>: text sent as <c>welcome.message</c>; null sends none.</summary>
    public string? Greeting { get; init; }
}
