using Broker.Node.Configuration.Options;

namespace Broker.Node.Configuration;

/// <summary>
/// Binds <c>broker { … }</c> to the options records, a line for each key. The defaults of the records (<c>d</c>) are the fallbacks,
/// and <c>reference.conf</c> repeats them; ranges stand here. Rules over several keys are in <see cref="OptionsValidator"/>.
/// </summary>
internal static class OptionsBinder
{
    private const int KiB = 1024;
    private const int MiB = 1024 * 1024;
    private const int Many = 100_000_000;
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    public static BrokerOptions Bind(ConfigurationSection root, SecretFiles files) => root.Bind<BrokerOptions>("broker", (s, d) => Broker(s, d, files));

    private static BrokerOptions Broker(ConfigurationSection s, BrokerOptions d, SecretFiles files) => d with
    {
        Node = s.Bind<NodeOptions>("node", Node),
        Listen = s.Bind<ListenOptions>("listen", (s, d) => Listen(s, d, files)),
        Ops = s.Bind<OpsOptions>("ops", Ops),
        Cluster = s.Bind<ClusterOptions>("cluster", Cluster),
        Auth = s.Bind<AuthOptions>("auth", (s, d) => Auth(s, d, files)),
        Origins = s.Bind<OriginOptions>("origins", Origins),
        Limits = s.Bind<LimitOptions>("limits", Limits),
        Memory = s.Bind<MemoryOptions>("memory", Memory),
        Rate = s.Bind<RateOptions>("rate", Rate),
        Deflate = s.Bind<MessageDeflateOptions>("deflate", Deflate),
        Echo = s.Bind<EchoOptions>("echo", Echo),
        Heartbeat = s.Bind<HeartbeatOptions>("heartbeat", Heartbeat),
        Lanes = s.Bind<LaneOptions>("lanes", Lanes),
        UserTopic = s.Bind<UserTopicOptions>("user-topic", UserTopic),
        Hooks = s.Bind<HookOptions>("hooks", static (s, d) => d with { Timeout = s.Duration("timeout", d.Timeout, Short, Minute) }),
        Rooms = s.Bind<RoomsOptions>("rooms", Rooms),
        Drain = s.Bind<DrainOptions>("drain", Drain),
        Platform = s.Bind<PlatformOptions>("platform", Platform),
        Topics = s.BindEach<TopicOptions>("topics", Topic),
        Greeting = s.OptionalText("greeting", d.Greeting) is { Length: > 0 } greeting ? greeting : null,
        Page = s.Switch("page", d.Page),
    };

    private static NodeOptions Node(ConfigurationSection s, NodeOptions d) => d with
    {
        Name = s.Text("name", d.Name, text => text.Length <= 64 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'), "at most 64 of A-Z a-z 0-9 - _ ."),
    };

    private static ListenOptions Listen(ConfigurationSection s, ListenOptions d, SecretFiles files) => d with
    {
        Host = s.Address("host", d.Host),
        Port = s.Integer("port", d.Port, 0, 65535),
        Paths = s.Texts("paths", d.Paths),
        Client = s.Text("client", d.Client, IsPath, "\"\", or a path that starts with / and has no ? # or blanks"),
        Sessions = s.Bind<HttpSessionOptions>("sessions", Sessions),
        Tls = s.Bind<TlsOptions>("tls", (s, d) => ListenTls(s, d, files)),
        Http2 = s.Switch("http2", d.Http2),
        Proxy = s.Bind<ProxyOptions>("proxy", Proxy),
    };

    private static bool IsPath(string text) => text.Length == 0 || (text.Length <= 256 && text[0] == '/' && !text.Any(static c => c is <= ' ' or >= '\u007F' or '?' or '#'));

    private static HttpSessionOptions Sessions(ConfigurationSection s, HttpSessionOptions d) => d with
    {
        Enabled = s.Switch("enabled", d.Enabled),
        Prefix = s.Text("prefix", d.Prefix, text => text.Length == 0 || (text.Length <= 64 && text[0] == '/' && text[^1] != '/' && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '-' or '_' or '.')), "a path that begins with / and does not end with it, of at most 64 of A-Z a-z 0-9 / - _ ."),
    };

    private static ProxyOptions Proxy(ConfigurationSection s, ProxyOptions d) => d with
    {
        Trusted = s.Texts("trusted", d.Trusted),
        Protocol = s.Choice("protocol", d.Protocol),
        Header = s.Text("header", d.Header, text => text.Length is > 0 and <= 64 && text.All(c => char.IsAsciiLetterOrDigit(c) || c == '-'), "the name of a header"),
    };

    private static TlsOptions ListenTls(ConfigurationSection s, TlsOptions d, SecretFiles files) => d with
    {
        Enabled = s.Switch("enabled", d.Enabled),
        Certificate = s.Text("certificate", d.Certificate),
        Key = s.Text("key", d.Key),
        Password = files.Twin(s, "password", secret: true),
    };

    private static TlsOptions ClusterTls(ConfigurationSection s, TlsOptions d) => d with
    {
        Enabled = s.Switch("enabled", d.Enabled),
        Certificate = s.Text("certificate", d.Certificate),
        Key = s.Text("key", d.Key),
        Authority = s.Text("authority", d.Authority),
        PeerName = s.Text("peer-name", d.PeerName, 253),
    };

    private static OpsOptions Ops(ConfigurationSection s, OpsOptions d) => d with
    {
        Host = s.Address("host", d.Host),
        Port = s.OptionalInteger("port", d.Port, 0, 65535),
    };

    private static ClusterOptions Cluster(ConfigurationSection s, ClusterOptions d) => d with
    {
        Host = s.Text("host", d.Host, NodeAddress.IsHost, "an IP address or host name other nodes reach this node by"),
        Port = s.Integer("port", d.Port, 0, 65535),
        Seeds = s.Texts("seeds", d.Seeds),
        RequiredSeeds = s.OptionalInteger("required-seeds", d.RequiredSeeds, 1, 100),
        Downing = s.Choice("downing", d.Downing),
        Copies = s.Integer("copies", d.Copies, 1, 2),
        Tls = s.Bind<TlsOptions>("tls", ClusterTls),
        Insecure = s.Switch("insecure", d.Insecure),
    };

    private static AuthOptions Auth(ConfigurationSection s, AuthOptions d, SecretFiles files) => d with
    {
        Anonymous = s.Switch("anonymous", d.Anonymous),
        AnonymousRights = s.Bind<RightsOptions>("anonymous-rights", Rights),
        DefaultRights = s.Bind<RightsOptions>("default-rights", Rights),
        Application = s.Bind<ApplicationAuthOptions>("application", static (s, d) => d with { Enabled = s.Switch("enabled", d.Enabled), Scheme = s.Text("scheme", d.Scheme, 256) }),
        QueryToken = s.Switch("query-token", d.QueryToken),
        Timeout = s.Duration("timeout", d.Timeout, Short, Minute),
        Keys = s.BindEach<AuthKeyOptions>("keys", (s, d) => Key(s, d, files)),
        Issuer = s.Text("issuer", d.Issuer),
        Audience = s.Text("audience", d.Audience),
        MaxLife = s.Duration("max-life", d.MaxLife, Minute, TimeSpan.FromDays(366)),
        Skew = s.Duration("skew", d.Skew, TimeSpan.Zero, TimeSpan.FromSeconds(30)),
        RightsClaim = s.Text("rights-claim", d.RightsClaim, text => text.Length is > 0 and <= 256, "the name of a claim"),
    };

    private static AuthKeyOptions Key(ConfigurationSection s, AuthKeyOptions d, SecretFiles files) => d with
    {
        Id = s.Text("id", d.Id),
        Algorithm = s.Text("algorithm", d.Algorithm, text => text.Length == 0 || JwtAlgorithm.TryParse(text, out _), JwtAlgorithm.Names),
        Secret = files.Twin(s, "secret", secret: true),
        PublicKey = files.Twin(s, "public-key", secret: false),
        Jwks = s.Text("jwks", d.Jwks),
    };

    private static RightsOptions Rights(ConfigurationSection s, RightsOptions d) => Allowed(s, d) with { Deny = s.BindOptional<RightsOptions>("deny", Allowed) };

    private static RightsOptions Allowed(ConfigurationSection s, RightsOptions d) => d with
    {
        Subscribe = s.Texts("subscribe", d.Subscribe),
        Publish = s.Texts("publish", d.Publish),
        History = s.Texts("history", d.History),
        Presence = s.Texts("presence", d.Presence),
        Rooms = s.Bind<RoomRightsOptions>("rooms", static (s, d) => d with { Create = s.Texts("create", d.Create), Join = s.Texts("join", d.Join) }),
    };

    private static OriginOptions Origins(ConfigurationSection s, OriginOptions d) => d with
    {
        Allow = s.Texts("allow", d.Allow),
        Refuse = s.Choice("refuse", d.Refuse),
    };

    private static LimitOptions Limits(ConfigurationSection s, LimitOptions d) => d with
    {
        RequestLine = s.Size("request-line", d.RequestLine, 256, 64 * KiB),
        HeaderBytes = s.Size("header-bytes", d.HeaderBytes, KiB, MiB),
        HeaderCount = s.Integer("header-count", d.HeaderCount, 8, 1000),
        HandshakeTimeout = s.Duration("handshake-timeout", d.HandshakeTimeout, Short, Minute),
        Message = s.Size("message", d.Message, 1, 15 * MiB),
        UnauthenticatedMessage = s.Size("unauthenticated-message", d.UnauthenticatedMessage, 1, 64 * MiB),
        ApiMessage = s.Size("api-message", d.ApiMessage, 1, 15 * MiB),
        Fragments = s.Integer("fragments", d.Fragments, 1, 1_000_000),
        MessageTime = s.Duration("message-time", d.MessageTime, Short, Hour),
        Subscriptions = s.Integer("subscriptions", d.Subscriptions, 1, 1_000_000),
        Rooms = s.Integer("rooms", d.Rooms, 1, 10_000),
        Patterns = s.Integer("patterns", d.Patterns, 0, 1_000_000),
        Connections = s.Integer("connections", d.Connections, 1, Many),
        ConnectionsPerAddress = s.Integer("connections-per-address", d.ConnectionsPerAddress, 1, Many),
        ConnectionsPerUser = s.Integer("connections-per-user", d.ConnectionsPerUser, 1, Many),
        Streams = s.Integer("streams", d.Streams, 1, 1000),
        Handshakes = s.Integer("handshakes", d.Handshakes, 1, Many),
        AcceptsPerSecond = s.Integer("accepts-per-second", d.AcceptsPerSecond, 1, Many),
        Lag = s.Size("lag", d.Lag, KiB, 1024 * MiB),
        LagTime = s.Duration("lag-time", d.LagTime, Short, Hour),
        Inbound = s.Size("inbound", d.Inbound, KiB, 1024 * MiB),
        ControlFrames = s.Integer("control-frames", d.ControlFrames, 1, Many),
        UnparsableMessages = s.Integer("unparsable-messages", d.UnparsableMessages, 1, Many),
        Tags = s.Integer("tags", d.Tags, 1, 512),
        Forbidden = s.Integer("forbidden", d.Forbidden, 1, Many),
        Topics = s.Integer("topics", d.Topics, 1, Many),
        History = s.Size("history", d.History, KiB, 1024 * MiB),
        Members = s.Integer("members", d.Members, 1, Many),
        MemberList = s.Integer("member-list", d.MemberList, 0, Many),
        Keys = s.Integer("keys", d.Keys, 1, Many),
        Pending = s.Integer("pending", d.Pending, 1, 1_000_000),
    };

    private static MemoryOptions Memory(ConfigurationSection s, MemoryOptions d) => d with
    {
        Shed = s.Integer("shed", d.Shed, 10, 100),
        Logs = s.OptionalSize("logs", d.Logs, MiB, 1024L * 1024 * MiB),
        History = s.LongSize("history", d.History, MiB, 1024L * 1024 * MiB),
        Connections = s.OptionalSize("connections", d.Connections, MiB, 1024L * 1024 * MiB),
    };

    private static RateOptions Rate(ConfigurationSection s, RateOptions d) => d with
    {
        Per = s.Choice("per", d.Per),
        Messages = s.Integer("messages", d.Messages, 1, Many),
        Burst = s.Integer("burst", d.Burst, 1, Many),
        Control = s.Integer("control", d.Control, 1, Many),
        ControlBurst = s.Integer("control-burst", d.ControlBurst, 1, Many),
    };

    private static MessageDeflateOptions Deflate(ConfigurationSection s, MessageDeflateOptions d) => d with
    {
        Enabled = s.Switch("enabled", d.Enabled),
        Threshold = s.Size("threshold", d.Threshold, 0, MiB),
        Level = s.Choice("level", d.Level),
    };

    private static HistoryOptions History(ConfigurationSection s, HistoryOptions d) =>
        d with { Size = s.Integer("size", d.Size, 0, 100_000), Ttl = s.Duration("ttl", d.Ttl, TimeSpan.Zero, TimeSpan.FromDays(366)) };

    private static UserTopicOptions UserTopic(ConfigurationSection s, UserTopicOptions d) =>
        d with { Enabled = s.Switch("enabled", d.Enabled), History = s.Bind<HistoryOptions>("history", History) };

    private static EchoOptions Echo(ConfigurationSection s, EchoOptions d) => d with { Enabled = s.Switch("enabled", d.Enabled) };

    private static HeartbeatOptions Heartbeat(ConfigurationSection s, HeartbeatOptions d) => d with
    {
        Interval = s.Duration("interval", d.Interval, Short, Hour),
        Timeout = s.Duration("timeout", d.Timeout, Short, Hour),
    };

    private static RoomsOptions Rooms(ConfigurationSection s, RoomsOptions d) => d with
    {
        MatchWait = s.Duration("match-wait", d.MatchWait, Short, Minute),
        Max = s.Integer("max", d.Max, 1, 10_000_000),
        Heartbeat = s.Bind<HeartbeatOptions>("heartbeat", Heartbeat),
        Kinds = s.BindEach<RoomKindOptions>("kinds", static (s, d) => d with { Name = s.Text("name", d.Name), Assembly = s.Text("assembly", d.Assembly), Type = s.Text("type", d.Type) }),
    };

    private static LaneOptions Lanes(ConfigurationSection s, LaneOptions d) => d with
    {
        Count = s.Integer("count", d.Count, 1, 256),
        Window = s.Size("window", d.Window, 64 * KiB, 1024 * MiB),
        Envelope = s.Size("envelope", d.Envelope, KiB, 16 * MiB),
        SkipAfter = s.Duration("skip-after", d.SkipAfter, Tick, Minute),
        HelloTimeout = s.Duration("hello-timeout", d.HelloTimeout, Short, Hour),
    };

    private static DrainOptions Drain(ConfigurationSection s, DrainOptions d) => d with
    {
        Time = s.Duration("time", d.Time, TimeSpan.Zero, Hour),
        Delay = s.Duration("delay", d.Delay, TimeSpan.Zero, Hour),
    };

    private static PlatformOptions Platform(ConfigurationSection s, PlatformOptions d) => d with
    {
        GracePeriod = s.Duration("grace-period", d.GracePeriod, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1)),
    };

    private static TopicOptions Topic(ConfigurationSection s, TopicOptions d)
    {
        s.NotSupportedYet("durable", "rate");
        return d with
        {
            Match = s.Text("match", d.Match),
            Delivery = s.Choice("delivery", d.Delivery),
            Slow = s.Choice("slow", d.Slow),
            Sender = s.Switch("sender", d.Sender),
            Time = s.Switch("time", d.Time),
            MaxSize = s.Size("max-size", d.MaxSize, 0, 64 * MiB),
            Sanitise = s.Choice("sanitise", d.Sanitise),
            MaxSubscribers = s.Integer("max-subscribers", d.MaxSubscribers, 0, Many),
            History = s.Bind<HistoryOptions>("history", History),
            Keep = s.Choice("keep", d.Keep),
            Presence = s.Switch("presence", d.Presence),
        };
    }
}
