using System.Globalization;
using System.Text;
using Akka.Cluster.Sharding;
using Akka.Cluster.Tools.PublishSubscribe;
using Akka.Cluster.Tools.Singleton;
using Akka.Configuration;
using Akka.DistributedData;
using Broker.Node.Configuration;
using Broker.Node.Configuration.Hocon;
using Broker.Node.Configuration.Options;
using Broker.Node.Links;
using Broker.Node.Membership;

namespace Broker.Node.Hosting;

/// <summary>
/// Makes the actor system's configuration: the <c>akka</c> tree of the layers (<c>reference.conf</c> has our baseline),
/// and over it what follows from <c>broker { … }</c>, which files may not set. Akka's own parser only ever sees what is rendered here:
/// given user text it drops or misreads much of it without a word, and some of it ends the process.
/// </summary>
internal static class AkkaConfig
{
    /// <summary>Dispatcher of lanes and peer links: threads of its own, so that a busy thread pool does not stop them.</summary>
    public const string LaneDispatcher = "broker.lane-dispatcher";

    /// <summary>Runs what the authors of rooms have written, which may block.</summary>
    public const string RoomDispatcher = "broker.room-dispatcher";

    /// <summary>Dispatcher of the pulses: a thread of their own, so that neither the pool nor a lane keeps them.</summary>
    public const string PulseDispatcher = "broker.pulse-dispatcher";

    /// <summary>Dispatcher of connections, their stream graphs and their actors: Akka's default one, with a mailbox that takes little while idle.</summary>
    public const string ConnectionDispatcher = "broker.connection-dispatcher";

    /// <summary>Settings of the broker's shard regions in an application's system, over those of the application's own regions.</summary>
    private const string ApplicationSharding = "broker.sharding";

    /// <summary>Actors of connections, as a deployment names them.</summary>
    private const string ConnectionActors = $"/{NodeActor.Name}/connections/*";

    /// <summary>What an application's actor system does as the application says: the broker adds itself there, and closes nothing off.</summary>
    private static readonly string[][] Applications =
    [
        ["loglevel"],
        ["stdout-loglevel"],
        ["logger-formatter"],
        ["stdout-logger-class"],
        ["extensions"],
        ["actor", "provider"],
        ["actor", "guardian-supervisor-strategy"],
        ["actor", "serializers", "json"],
        ["actor", "serialization-settings"],
        ["actor", "default-dispatcher"],
        ["cluster", "seed-nodes"],
        ["stream", "materializer", "dispatcher"],
    ];

    /// <summary>Keys that follow from others, and where to say it.</summary>
    private static readonly (string[] Path, string Instead)[] Owned =
    [
        (["logger-formatter"], "what breaks between nodes is one line"),
        (["stdout-logger-class"], "all lines have one form"),
        (["actor", "provider"], "a node is always a cluster node"),
        (["actor", "guardian-supervisor-strategy"], "a node without one of its parts ends"),
        (["actor", "serializers", "json"], "messages are a closed set"),
        (["actor", "serializers", "broker"], "messages are a closed set"),
        (["actor", "serialization-bindings", "System.Object"], "messages are a closed set"),
        (["actor", "deployment", ConnectionActors], "connections need a small mailbox"),
        (["actor", "serialization-settings", "allow-unregistered-types"], "messages are a closed set"),
        (["remote", "enabled-transports"], "remoting is dot-netty.tcp"),
        (["remote", "dot-netty", "tcp", "hostname"], "set broker.cluster.host"),
        (["remote", "dot-netty", "tcp", "public-hostname"], "set broker.cluster.host"),
        (["remote", "dot-netty", "tcp", "port"], "set broker.cluster.port"),
        (["remote", "dot-netty", "tcp", "public-port"], "set broker.cluster.port"),
        (["remote", "dot-netty", "tcp", "tcp-reuse-addr"], "two nodes must not share a port"),
        (["remote", "dot-netty", "tcp", "enable-ssl"], "set broker.cluster.tls"),
        (["remote", "dot-netty", "tcp", "ssl"], "set broker.cluster.tls"),
        (["cluster", "seed-nodes"], "set broker.cluster.seeds"),
        (["cluster", "downing-provider-class"], "set broker.cluster.downing"),
        (["cluster", "split-brain-resolver", "active-strategy"], "set broker.cluster.downing"),
        (["cluster", "sharding", "state-store-mode"], "partitions are owned anew by every cluster"),
        (["cluster", "sharding", "remember-entities"], "partitions are owned when they are needed"),
        (["cluster", "sharding", "passivate-idle-entity-after"], "a partition has an owner for as long as that node stays"),
        (["cluster", "sharding", "role"], "every node owns partitions"),
        (["stream", "materializer", "dispatcher"], "connections need a small mailbox"),
        (["coordinated-shutdown", "run-by-clr-shutdown-hook"], "the program handles its signals"),
        (["coordinated-shutdown", "exit-clr"], "the program handles its exit"),
    ];

    /// <summary>The tree for the actor system.</summary>
    /// <param name="options">Bound options.</param>
    /// <param name="akka">The resolved <c>akka</c> tree; is not changed.</param>
    /// <param name="errors">Takes keys that must not be set.</param>
    /// <param name="brokerSerializer">Whether messages of the broker are bound to their serializer.</param>
    public static HoconObject Build(BrokerOptions options, HoconObject? akka, ConfigurationErrors errors, bool brokerSerializer = true)
    {
        var position = new HoconPosition("broker", 0);
        var root = new HoconObject(position);
        root.Put("akka", akka is null ? new HoconObject(position) : Copy(akka));
        foreach (var (path, instead) in Owned)
        {
            if (akka?.Find(path) is { } node)
            {
                errors.Add(node, "akka." + string.Join('.', path), $"may not be set: {instead}");
            }
        }

        SetActors(root, brokerSerializer);
        SetCluster(root, options.Cluster);
        SetSharding(root);
        SetShutdown(root, akka, options.Drain);
        return root;
    }

    /// <summary>The configuration with Akka's own defaults below it.</summary>
    public static Config ToConfig(HoconObject tree) =>
        ConfigurationFactory.ParseString(Render(tree))
            .WithFallback(DistributedPubSub.DefaultConfig())
            .WithFallback(ClusterSharding.DefaultConfig())
            .WithFallback(ClusterSingleton.DefaultConfig())
            .WithFallback(DistributedData.DefaultConfig());

    /// <summary>Settings of the broker's shard regions.</summary>
    public static ClusterShardingSettings ShardingOf(Config system)
    {
        var sharding = system.GetConfig("akka.cluster.sharding");
        var settings = system.HasPath(ApplicationSharding) ? system.GetConfig(ApplicationSharding).WithFallback(sharding) : sharding;
        return ClusterShardingSettings.Create(settings, system.GetConfig(settings.GetString("coordinator-singleton")));
    }

    /// <summary>What is the broker's of the tree, for the actor system of an application.</summary>
    public static HoconObject ForApplication(HoconObject tree)
    {
        var root = Copy(tree);
        if (tree.Find("akka", "actor", "default-dispatcher", "throughput") is { } throughput)
        {
            root.Put([.. ConnectionDispatcher.Split('.'), "throughput"], throughput);
        }

        if (root.Find("akka", "cluster", "sharding") is HoconObject sharding)
        {
            // An application's own regions keep their settings. The replicator is one for all regions, and its settings stay below the application's.
            foreach (var (key, value) in sharding.Members.Where(static member => member.Key != "distributed-data").ToArray())
            {
                root.Put([.. ApplicationSharding.Split('.'), key], value);
                sharding.Replace(key, new HoconScalar(root.Position, "null", quoted: false));
            }
        }

        foreach (var path in Applications)
        {
            if (root.Find(["akka", .. path]) is not null)
            {
                root.Put(["akka", .. path], new HoconScalar(root.Position, "null", quoted: false));
            }
        }

        return root;
    }

    private static void SetActors(HoconObject root, bool brokerSerializer)
    {
        Set(root, "cluster", "akka", "actor", "provider");
        Set(root, "off", "akka", "actor", "serialization-settings", "allow-unregistered-types");
        Set(root, "Akka.Actor.StoppingSupervisorStrategy, Akka", "akka", "actor", "guardian-supervisor-strategy");
        Set(root, TypeName(typeof(RemoteLogFormatter)), "akka", "logger-formatter");
        Set(root, TypeName(typeof(ActorLogAtEnds)), "akka", "stdout-logger-class");
        Set(root, TypeName(typeof(RefusingJsonSerializer)), "akka", "actor", "serializers", "json");
        if (brokerSerializer)
        {
            Set(root, "Broker.Node.Hosting.BrokerSerializer, Broker.Node", "akka", "actor", "serializers", "broker");
            Set(root, "broker", "akka", "actor", "serialization-bindings", "Broker.Node.Links.IBrokerMessage, Broker.Node");
        }

        Set(root, TypeName(typeof(CompactMailbox)), [.. ConnectionDispatcher.Split('.'), "mailbox-type"]);
        Set(root, ConnectionDispatcher, "akka", "actor", "deployment", ConnectionActors, "dispatcher");
        Set(root, ConnectionDispatcher, "akka", "stream", "materializer", "dispatcher");
        Set(root, "PinnedDispatcher", [.. PulseDispatcher.Split('.'), "type"]);
        SetThreads(root, LaneDispatcher, Math.Max(2, Environment.ProcessorCount), throughput: 100);
        SetThreads(root, RoomDispatcher, Math.Max(4, 2 * Environment.ProcessorCount), throughput: 10);
    }

    private static void SetThreads(HoconObject root, string name, int threads, int throughput)
    {
        string[] path = name.Split('.');
        Set(root, "Dispatcher", [.. path, "type"]);
        Set(root, "fork-join-executor", [.. path, "executor"]);
        Set(root, throughput.ToString(CultureInfo.InvariantCulture), [.. path, "throughput"]);
        Set(root, threads.ToString(CultureInfo.InvariantCulture), [.. path, "dedicated-thread-pool", "thread-count"]);
        Set(root, "background", [.. path, "dedicated-thread-pool", "threadtype"]);
    }

    private static void SetCluster(HoconObject root, ClusterOptions cluster)
    {
        string[] tcp = ["akka", "remote", "dot-netty", "tcp"];
        Set(root, cluster.Host, [.. tcp, "hostname"]);
        Set(root, cluster.Port.ToString(CultureInfo.InvariantCulture), [.. tcp, "port"]);
        Set(root, cluster.Tls.Enabled ? "on" : "off", [.. tcp, "enable-ssl"]);

        // On Linux .NET makes of it SO_REUSEPORT: two nodes could have the same port, and the kernel would deal connections out between them.
        Set(root, "off", [.. tcp, "tcp-reuse-addr"]);
        var seeds = new HoconArray(root.Position);
        if (cluster.HasOtherSeeds)
        {
            seeds.Items.AddRange(cluster.SeedAddresses(ClusterOptions.SystemName).Select(seed => new HoconScalar(root.Position, seed.ToString(), quoted: true)));
        }

        root.Put(["akka", "cluster", "seed-nodes"], seeds);
        Set(root, cluster.Downing == DowningMode.Survivor ? TypeName(typeof(SurvivorDowning)) : "Akka.Cluster.SBR.SplitBrainResolverProvider, Akka.Cluster", "akka", "cluster", "downing-provider-class");
        Set(root, "keep-majority", "akka", "cluster", "split-brain-resolver", "active-strategy");
    }

    /// <summary>Who owns what is decided anew by every cluster, kept in its memory, and on every node.</summary>
    private static void SetSharding(HoconObject root)
    {
        string[] sharding = ["akka", "cluster", "sharding"];
        Set(root, "ddata", [.. sharding, "state-store-mode"]);
        Set(root, "off", [.. sharding, "remember-entities"]);
        Set(root, "off", [.. sharding, "passivate-idle-entity-after"]);
        Set(root, "", [.. sharding, "role"]);
    }

    private static void SetShutdown(HoconObject root, HoconObject? akka, DrainOptions drain)
    {
        Set(root, "off", "akka", "coordinated-shutdown", "run-by-clr-shutdown-hook");
        Set(root, "off", "akka", "coordinated-shutdown", "exit-clr");
        foreach (var (phase, time) in ShutdownBudget.Phases(drain))
        {
            string[] path = ["coordinated-shutdown", "phases", phase, "timeout"];
            if (akka?.Find(path) is null)
            {
                Set(root, FormattableString.Invariant($"{(long)time.TotalMilliseconds}ms"), ["akka", .. path]);
            }
        }
    }

    private static void Set(HoconObject root, string value, params string[] path) =>
        root.Put(path, new HoconScalar(root.Position, value, quoted: true));

    private static string TypeName(Type type) => $"{type.FullName}, {type.Assembly.GetName().Name}";

    private static HoconObject Copy(HoconObject source)
    {
        var copy = new HoconObject(source.Position);
        foreach (var (key, value) in source.Members)
        {
            copy.Replace(key, value is HoconObject child ? Copy(child) : value);
        }

        return copy;
    }

    /// <summary>A resolved tree as JSON, every scalar quoted; null is left out, as a key without a value.</summary>
    public static string Render(HoconNode node)
    {
        var text = new StringBuilder();
        Render(node, text);
        return text.ToString();
    }

    private static void Render(HoconNode node, StringBuilder text)
    {
        switch (node)
        {
            case HoconObject source:
                text.Append('{');
                foreach (var (key, value) in source.Members.Where(member => !IsNull(member.Value)))
                {
                    Quote(key, text);
                    text.Append(" : ");
                    Render(value, text);
                    text.Append('\n');
                }

                text.Append('}');
                break;
            case HoconArray array:
                text.Append('[');
                foreach (var (i, item) in array.Items.Where(item => !IsNull(item)).Index())
                {
                    text.Append(i == 0 ? "" : ", ");
                    Render(item, text);
                }

                text.Append(']');
                break;
            case HoconScalar scalar:
                Quote(scalar.Text, text);
                break;
        }
    }

    private static bool IsNull(HoconNode node) => node is HoconScalar { IsNull: true };

    private static void Quote(string value, StringBuilder text)
    {
        text.Append('"');
        foreach (var c in value)
        {
            _ = c switch
            {
                '"' => text.Append("\\\""),
                '\\' => text.Append("\\\\"),
                '$' or < ' ' => text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => text.Append(c),
            };
        }

        text.Append('"');
    }
}
