using System.Net;
using Broker.Node.Configuration.Hocon;
using Broker.Node.Configuration.Options;

namespace Broker.Node.Configuration;

/// <summary>Rules over several keys: what binds well and still must not start.</summary>
internal sealed class OptionsValidator(BrokerOptions options, HoconObject tree, ConfigurationChecks checks, ConfigurationFiles files, ConfigurationErrors errors)
{
    public void Validate()
    {
        KeyValidator.Validate(options, tree, errors);
        ValidateAuth();
        ValidateListen();
        ValidateCluster();
        ValidatePatterns();
        ValidateTopics();
        ValidateLimits();
        if (checks.Origins(options.Origins.Allow) is { } wrong)
        {
            Refuse("broker.origins.allow", wrong);
        }
    }

    private void ValidateAuth()
    {
        var auth = options.Auth;
        if (!auth.Anonymous && auth.Keys.Count == 0 && !auth.Application.Enabled)
        {
            Refuse("broker.auth.keys", "no key, and anonymous = off: nobody could connect; add a key (algorithm = HS256, secret-file = …) or set anonymous = on");
        }

        if (auth.Anonymous && !IPAddress.IsLoopback(IPAddress.Parse(options.Listen.Host)) && !WroteAnonymousRights())
        {
            Refuse("broker.auth.anonymous", $"on, and {options.Listen.Host} can be reached by others, but nobody chose what anonymous users may do: write all of broker.auth.anonymous-rights (subscribe, publish, history, presence, rooms) in your own file, or set anonymous = off");
        }
    }

    /// <summary>Whether rights were given outside the files we ship, and none comes from a file we ship.</summary>
    private bool WroteAnonymousRights()
    {
        var wrote = false;
        var shipped = false;
        Visit(tree.Find("broker", "auth", "anonymous-rights"));
        return wrote && !shipped;

        void Visit(HoconNode? node)
        {
            if (node is HoconObject rights)
            {
                foreach (var (key, value) in rights.Members.Where(member => member.Key != "deny"))
                {
                    Visit(value);
                }
            }
            else if (node is HoconArray list)
            {
                var ours = files.IsShipped(list.Position.File) && list.Items.All(item => files.IsShipped(item.Position.File));
                wrote |= !ours;
                shipped |= ours && list.Items.Count > 0;
            }
        }
    }

    private void ValidateListen()
    {
        if (options.Listen.Paths.Count == 0)
        {
            Refuse("broker.listen.paths", "at least one path");
        }

        foreach (var path in options.Listen.Paths.Where(path => path.Length is 0 or > 256 || path[0] != '/' || path.Any(c => c is <= ' ' or >= '\u007F' or '?' or '#')))
        {
            Refuse("broker.listen.paths", $"\"{path}\": a path starts with / and has no ? # or blanks");
        }

        foreach (var network in options.Listen.Proxy.Trusted.Where(network => !ProxyNetwork.TryParse(network, out _)))
        {
            Refuse("broker.listen.proxy.trusted", $"\"{network}\": an address, or a network such as 10.0.0.0/8; not all addresses there are: then anybody could be anybody");
        }

        if (options.Echo.Enabled && options.Listen.Paths.Contains(EchoOptions.Path))
        {
            Refuse("broker.listen.paths", $"{EchoOptions.Path} is the echo endpoint's, because broker.echo.enabled = on");
        }

        if (options.Ops.Port is > 0 && options.Ops.Port == options.Listen.Port)
        {
            Refuse("broker.ops.port", "the same as broker.listen.port");
        }

        if (options.Listen.Tls.Enabled)
        {
            ValidateListenTls(options.Listen.Tls);
        }
    }

    private void ValidateListenTls(TlsOptions tls)
    {
        if (!tls.IsPkcs12)
        {
            ValidateTlsFile("broker.listen.tls.certificate", tls.Certificate, secret: false);
            ValidateTlsFile("broker.listen.tls.key", tls.Key, secret: true);
            if (tls.Password.Length > 0)
            {
                Refuse("broker.listen.tls.password", "a password is for a .pfx or .p12 certificate");
            }

            return;
        }

        new SecretFiles(files.Read, SecretFiles.IsReadableByOthers, errors).CheckBytes(At("broker.listen.tls.certificate"), "broker.listen.tls.certificate", tls.Certificate);
        if (tls.Key.Length > 0)
        {
            Refuse("broker.listen.tls.key", $"{tls.Certificate} holds the key: no key beside it");
        }
    }

    private void ValidateCluster()
    {
        var cluster = options.Cluster;
        foreach (var seed in cluster.Seeds.Where(seed => NodeAddress.TryParse(seed) is null))
        {
            Refuse("broker.cluster.seeds", $"\"{seed}\": a seed is host:port (IPv6 in brackets), without a scheme");
        }

        if (cluster.RequiredSeeds > cluster.Seeds.Count)
        {
            Refuse("broker.cluster.required-seeds", $"more than the {cluster.Seeds.Count} of broker.cluster.seeds");
        }

        if (tree.Find("broker", "listen", "host")?.Position.File == "--dev" && cluster.Seeds.Count > 0)
        {
            Refuse("broker.cluster.seeds", "--dev is for a single node: no seeds");
        }

        // Whoever reaches an open remoting port can send any message to any actor.
        if (!NodeAddress.IsLoopback(cluster.Host) && !cluster.Tls.Enabled && !cluster.Insecure)
        {
            Refuse("broker.cluster.host", $"{cluster.Host} can be reached by others without mutual TLS: set broker.cluster.tls (enabled, certificate, key, authority, peer-name), or broker.cluster.insecure = on in a network you trust");
        }

        if (!cluster.Tls.Enabled)
        {
            return;
        }

        ValidateTlsFile("broker.cluster.tls.certificate", cluster.Tls.Certificate, secret: false);
        ValidateTlsFile("broker.cluster.tls.key", cluster.Tls.Key, secret: true);
        ValidateTlsFile("broker.cluster.tls.authority", cluster.Tls.Authority, secret: false);
        if (cluster.Tls.PeerName.Length == 0)
        {
            Refuse("broker.cluster.tls.peer-name", "missing: the name every node's certificate carries, such as *.broker.internal");
        }
    }

    private void ValidateTlsFile(string key, string path, bool secret)
    {
        if (path.Length == 0)
        {
            Refuse(key, "missing: the path of a PEM file");
        }
        else
        {
            new SecretFiles(files.Read, SecretFiles.IsReadableByOthers, errors).Read(At(key), key, path, secret);
        }
    }

    private void ValidatePatterns()
    {
        ValidateRights("broker.auth.anonymous-rights", options.Auth.AnonymousRights, user: false);
        ValidateRights("broker.auth.default-rights", options.Auth.DefaultRights, user: true);
        foreach (var topic in options.Topics.Where(topic => !checks.TopicPattern(topic.Match)))
        {
            Refuse("broker.topics", $"match \"{topic.Match}\": {PatternRule}");
        }
    }

    private void ValidateTopics()
    {
        foreach (var topic in options.Topics)
        {
            var isSequenced = topic.Delivery == DeliveryKind.Sequenced;
            RefuseTopic(topic, !isSequenced && topic.History != new HistoryOptions(), "history needs delivery = sequenced");
            RefuseTopic(topic, !isSequenced && topic.Keep != KeepPolicy.All, "keep needs delivery = sequenced");
            RefuseTopic(topic, !isSequenced && topic.Presence, "presence needs delivery = sequenced");
            RefuseTopic(topic, isSequenced && topic.Keep == KeepPolicy.Latest && topic.History.Size == 0, "keep = latest needs history.size, the most entries it may have");
            RefuseTopic(topic, isSequenced && topic.Keep == KeepPolicy.All && topic.History is { Size: 0, Ttl.Ticks: > 0 }, "history.ttl needs history.size, the most messages that are kept");
            RefuseTopic(topic, topic.MaxSize > Math.Max(options.Limits.Message, options.Limits.ApiMessage), "max-size is larger than broker.limits.message and api-message");
        }

        if (LaneOptions.Partitions % options.Lanes.Count != 0)
        {
            Refuse("broker.lanes.count", $"{options.Lanes.Count} does not divide {LaneOptions.Partitions}: 1, 2, 4, 8, 16, 32, 64, 128 or 256");
        }
    }

    private void RefuseTopic(TopicOptions topic, bool isWrong, string why)
    {
        if (isWrong)
        {
            Refuse("broker.topics", $"match \"{topic.Match}\": {why}");
        }
    }

    private const string PatternRule = "tokens of A-Z a-z 0-9 _ : @ - joined by dots; * is one token, a last > is one or more";

    private void ValidateRights(string key, RightsOptions rights, bool user)
    {
        string[] patterns = [.. rights.Subscribe, .. rights.Publish, .. rights.History, .. rights.Presence, .. rights.Rooms.Create, .. rights.Rooms.Join];
        foreach (var pattern in patterns.Where(pattern => !checks.TopicPattern(user ? pattern.Replace("{user}", "user", StringComparison.Ordinal) : pattern)))
        {
            Refuse(key, $"\"{pattern}\": {PatternRule}{(user ? "; {user} is the subject" : "")}");
        }

        if (rights.Deny is not null)
        {
            ValidateRights($"{key}.deny", rights.Deny, user);
        }
    }

    private void ValidateLimits()
    {
        var limits = options.Limits;
        if (limits.UnauthenticatedMessage > limits.Message)
        {
            Refuse("broker.limits.unauthenticated-message", "larger than broker.limits.message");
        }

        if (limits.RequestLine > limits.HeaderBytes)
        {
            Refuse("broker.limits.request-line", "larger than broker.limits.header-bytes");
        }

        var largest = Math.Max(options.Lanes.Envelope, Math.Max(limits.Message, limits.ApiMessage));
        if (options.Lanes.Window < largest)
        {
            Refuse("broker.lanes.window", $"smaller than the largest envelope or message ({largest} bytes), which then could never be sent");
        }

        if (options.Memory.Connections < limits.Message)
        {
            Refuse("broker.memory.connections", $"smaller than a message ({limits.Message} bytes), which then could never be sent");
        }

        if (options.Memory.History < limits.History)
        {
            Refuse("broker.memory.history", $"smaller than broker.limits.history, the history of one topic ({limits.History} bytes)");
        }
    }

    private HoconNode? At(string key) => tree.Find(key.Split('.'));

    private void Refuse(string key, string allowed) => errors.Add(At(key), key, allowed);
}
