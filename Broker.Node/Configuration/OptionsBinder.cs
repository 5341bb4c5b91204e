using Broker.Node.Configuration.Options;

namespace Broker.Node.Configuration;

/// <summary>
/// Binds <c>broker { … }</c> to the options records. The defaults of the records are the fallbacks, and <c>reference.conf</c>
/// repeats them; ranges stand here. Rules over several keys are in <see cref="OptionsValidator"/>.
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

    public static BrokerOptions Bind(ConfigurationSection broker, SecretFiles files)
    {
        var options = new BrokerOptions
        {
            Node = Node(broker.Child("node")),
            Listen = Listen(broker.Child("listen"), files),
            Ops = Ops(broker.Child("ops")),
            Cluster = Cluster(broker.Child("cluster")),
            Auth = Auth(broker.Child("auth"), files),
            Origins = Origins(broker.Child("origins")),
            Limits = Limits(broker.Child("limits")),
            Memory = Memory(broker.Child("memory")),
            Rate = Rate(broker.Child("rate")),
            Deflate = Deflate(broker.Child("deflate")),
            Echo = Echo(broker.Child("echo")),
            Heartbeat = Heartbeat(broker.Child("heartbeat")),
            Lanes = Lanes(broker.Child("lanes")),
            Drain = Drain(broker.Child("drain")),
            Platform = Platform(broker.Child("platform")),
            Topics = [.. broker.Children("topics").Select(Topic)],
            Greeting = broker.OptionalText("greeting", null) is { Length: > 0 } greeting ? greeting : null,
        };
        broker.End();
        return options;
    }

    private static NodeOptions Node(ConfigurationSection s)
    {
        var d = new NodeOptions();
        var options = new NodeOptions
        {
            Name = s.Text("name", d.Name, text => text.Length <= 64 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'), "at most 64 of A-Z a-z 0-9 - _ ."),
        };
        s.End();
        return options;
    }

    private static ListenOptions Listen(ConfigurationSection s, SecretFiles files)
    {
        var d = new ListenOptions();
        var options = new ListenOptions
        {
            Host = s.Address("host", d.Host),
            Port = s.Integer("port", d.Port, 0, 65535),
            Paths = s.Texts("paths", d.Paths),
            Tls = ListenTls(s.Child("tls"), files),
            Proxy = Proxy(s.Child("proxy")),
        };
        s.End();
        return options;
    }

    private static ProxyOptions Proxy(ConfigurationSection s)
    {
        var d = new ProxyOptions();
        var options = new ProxyOptions
        {
            Trusted = s.Texts("trusted", d.Trusted),
            Protocol = s.Choice("protocol", d.Protocol),
            Header = s.Text("header", d.Header, text => text.Length is > 0 and <= 64 && text.All(c => char.IsAsciiLetterOrDigit(c) || c == '-'), "the name of a header"),
        };
        s.End();
        return options;
    }

    private static TlsOptions ListenTls(ConfigurationSection s, SecretFiles files)
    {
        var d = new TlsOptions();
        var options = new TlsOptions
        {
            Enabled = s.Switch("enabled", d.Enabled),
            Certificate = s.Text("certificate", d.Certificate),
            Key = s.Text("key", d.Key),
            Password = files.Twin(s, "password", secret: true),
        };
        s.End();
        return options;
    }

    private static TlsOptions ClusterTls(ConfigurationSection s)
    {
        var d = new TlsOptions();
        var options = new TlsOptions
        {
            Enabled = s.Switch("enabled", d.Enabled),
            Certificate = s.Text("certificate", d.Certificate),
            Key = s.Text("key", d.Key),
            Authority = s.Text("authority", d.Authority),
            PeerName = s.Text("peer-name", d.PeerName, 253),
        };
        s.End();
        return options;
    }

    private static OpsOptions Ops(ConfigurationSection s)
    {
        var d = new OpsOptions();
        var options = new OpsOptions { Host = s.Address("host", d.Host), Port = s.OptionalInteger("port", d.Port, 0, 65535) };
        s.End();
        return options;
    }

    private static ClusterOptions Cluster(ConfigurationSection s)
    {
        var d = new ClusterOptions();
        var options = new ClusterOptions
        {
            Host = s.Text("host", d.Host, NodeAddress.IsHost, "an IP address or host name other nodes reach this node by"),
            Port = s.Integer("port", d.Port, 0, 65535),
            Seeds = s.Texts("seeds", d.Seeds),
            RequiredSeeds = s.OptionalInteger("required-seeds", d.RequiredSeeds, 1, 100),
            Downing = s.Choice("downing", d.Downing),
            Tls = ClusterTls(s.Child("tls")),
            Insecure = s.Switch("insecure", d.Insecure),
        };
        s.End();
        return options;
    }

    private static AuthOptions Auth(ConfigurationSection s, SecretFiles files)
    {
        var d = new AuthOptions();
        var options = new AuthOptions
        {
            Anonymous = s.Switch("anonymous", d.Anonymous),
            AnonymousRights = Rights(s.Child("anonymous-rights"), mayDeny: true),
            DefaultRights = Rights(s.Child("default-rights"), mayDeny: true),
            QueryToken = s.Switch("query-token", d.QueryToken),
            Timeout = s.Duration("timeout", d.Timeout, Short, Minute),
            Keys = [.. s.Children("keys").Select(key => Key(key, files))],
            Issuer = s.Text("issuer", d.Issuer),
            Audience = s.Text("audience", d.Audience),
            MaxLife = s.Duration("max-life", d.MaxLife, Minute, TimeSpan.FromDays(366)),
            Skew = s.Duration("skew", d.Skew, TimeSpan.Zero, TimeSpan.FromSeconds(30)),
            RightsClaim = s.Text("rights-claim", d.RightsClaim, text => text.Length is > 0 and <= 256, "the name of a claim"),
        };
        s.End();
        return options;
    }

    private static AuthKeyOptions Key(ConfigurationSection s, SecretFiles files)
    {
        var d = new AuthKeyOptions();
        var options = new AuthKeyOptions
        {
            Id = s.Text("id", d.Id),
            Algorithm = s.Text("algorithm", d.Algorithm, text => text.Length == 0 || AuthKeyRules.Algorithms.Contains(text), string.Join(", ", AuthKeyRules.Algorithms)),
            Secret = files.Twin(s, "secret", secret: true),
            PublicKey = files.Twin(s, "public-key", secret: false),
            Jwks = s.Text("jwks", d.Jwks),
        };
        s.End();
        return options;
    }

    private static RightsOptions Rights(ConfigurationSection s, bool mayDeny)
    {
        var rooms = s.Child("rooms");
        var options = new RightsOptions
        {
            Subscribe = s.Texts("subscribe", []),
            Publish = s.Texts("publish", []),
            History = s.Texts("history", []),
            Presence = s.Texts("presence", []),
            Rooms = new RoomRightsOptions { Create = rooms.Texts("create", []), Join = rooms.Texts("join", []) },
            Deny = mayDeny && s.OptionalChild("deny") is { } deny ? Rights(deny, mayDeny: false) : null,
        };
        rooms.End();
        s.End();
        return options;
    }

    private static OriginOptions Origins(ConfigurationSection s)
    {
        var d = new OriginOptions();
        var options = new OriginOptions { Allow = s.Texts("allow", d.Allow), Refuse = s.Choice("refuse", d.Refuse) };
        s.End();
        return options;
    }

    private static LimitOptions Limits(ConfigurationSection s)
    {
        var d = new LimitOptions();
        var options = new LimitOptions
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
            Connections = s.Integer("connections", d.Connections, 1, Many),
            ConnectionsPerAddress = s.Integer("connections-per-address", d.ConnectionsPerAddress, 1, Many),
            ConnectionsPerUser = s.Integer("connections-per-user", d.ConnectionsPerUser, 1, Many),
            Handshakes = s.Integer("handshakes", d.Handshakes, 1, Many),
            AcceptsPerSecond = s.Integer("accepts-per-second", d.AcceptsPerSecond, 1, Many),
            Lag = s.Size("lag", d.Lag, KiB, 1024 * MiB),
            LagTime = s.Duration("lag-time", d.LagTime, Short, Hour),
            Inbound = s.Size("inbound", d.Inbound, KiB, 1024 * MiB),
            ControlFrames = s.Integer("control-frames", d.ControlFrames, 1, Many),
            UnparsableMessages = s.Integer("unparsable-messages", d.UnparsableMessages, 1, Many),
            Tags = s.Integer("tags", d.Tags, 1, 512),
            Forbidden = s.Integer("forbidden", d.Forbidden, 1, Many),
        };
        s.End();
        return options;
    }

    private static MemoryOptions Memory(ConfigurationSection s)
    {
        var defaults = new MemoryOptions();
        var options = new MemoryOptions
        {
            Shed = s.Integer("shed", defaults.Shed, 10, 100),
            Logs = s.OptionalSize("logs", defaults.Logs, MiB, 1024L * 1024 * MiB),
            Connections = s.OptionalSize("connections", defaults.Connections, MiB, 1024L * 1024 * MiB),
        };
        s.End();
        return options;
    }

    private static RateOptions Rate(ConfigurationSection s)
    {
        var d = new RateOptions();
        var options = new RateOptions
        {
            Per = s.Choice("per", d.Per),
            Messages = s.Integer("messages", d.Messages, 1, Many),
            Burst = s.Integer("burst", d.Burst, 1, Many),
            Control = s.Integer("control", d.Control, 1, Many),
            ControlBurst = s.Integer("control-burst", d.ControlBurst, 1, Many),
        };
        s.End();
        return options;
    }

    private static MessageDeflateOptions Deflate(ConfigurationSection s)
    {
        var d = new MessageDeflateOptions();
        var options = new MessageDeflateOptions
        {
            Enabled = s.Switch("enabled", d.Enabled),
            Threshold = s.Size("threshold", d.Threshold, 0, MiB),
            Level = s.Choice("level", d.Level),
        };
        s.End();
        return options;
    }

    private static EchoOptions Echo(ConfigurationSection s)
    {
        var options = new EchoOptions { Enabled = s.Switch("enabled", new EchoOptions().Enabled) };
        s.End();
        return options;
    }

    private static HeartbeatOptions Heartbeat(ConfigurationSection s)
    {
        var d = new HeartbeatOptions();
        var options = new HeartbeatOptions
        {
            Interval = s.Duration("interval", d.Interval, Short, Hour),
            Timeout = s.Duration("timeout", d.Timeout, Short, Hour),
        };
        s.End();
        return options;
    }

    private static LaneOptions Lanes(ConfigurationSection s)
    {
        var d = new LaneOptions();
        var options = new LaneOptions
        {
            Count = s.Integer("count", d.Count, 1, 256),
            Window = s.Size("window", d.Window, 64 * KiB, 1024 * MiB),
            Envelope = s.Size("envelope", d.Envelope, KiB, 16 * MiB),
            SkipAfter = s.Duration("skip-after", d.SkipAfter, Tick, Minute),
            HelloTimeout = s.Duration("hello-timeout", d.HelloTimeout, Short, Hour),
        };
        s.End();
        return options;
    }

    private static DrainOptions Drain(ConfigurationSection s)
    {
        var d = new DrainOptions();
        var options = new DrainOptions
        {
            Time = s.Duration("time", d.Time, TimeSpan.Zero, Hour),
            Delay = s.Duration("delay", d.Delay, TimeSpan.Zero, Hour),
        };
        s.End();
        return options;
    }

    private static PlatformOptions Platform(ConfigurationSection s)
    {
        var options = new PlatformOptions { GracePeriod = s.Duration("grace-period", new PlatformOptions().GracePeriod, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1)) };
        s.End();
        return options;
    }

    private static TopicOptions Topic(ConfigurationSection s)
    {
        var d = new TopicOptions();
        var options = new TopicOptions
        {
            Match = s.Text("match", d.Match),
            Delivery = s.Choice("delivery", d.Delivery, "sequenced"),
            Slow = s.Choice("slow", d.Slow),
            Sender = s.Switch("sender", d.Sender),
            Time = s.Switch("time", d.Time),
            MaxSize = s.Size("max-size", d.MaxSize, 0, 64 * MiB),
            Sanitise = s.Choice("sanitise", d.Sanitise),
            MaxSubscribers = s.Integer("max-subscribers", d.MaxSubscribers, 0, Many),
        };
        s.NotSupportedYet("history", "keep", "durable", "presence", "rate");
        s.End();
        return options;
    }
}
