using Broker.Node.Configuration;
using Broker.Node.Configuration.Options;
using Broker.Node.Hosting;

namespace Broker.Tests.Configuration;

public sealed class BrokerConfigurationSpecs
{
    private static readonly RightsOptions Everything = new() { Subscribe = [">"], Publish = [">"], History = [">"], Presence = [">"] };

    private const string Secret = "k3vQ0m1yXb8Zt5rW2nPq7sLd9fGhJ4cA6eUi";

    [Fact]
    public void Start_without_anything_listens_on_loopback_with_anonymous_rights()
    {
        var options = Load("", config: null).Options!;
        Assert.Equal("127.0.0.1", options.Listen.Host);
        Assert.Equivalent(Everything, options.Auth.AnonymousRights);
        Assert.Equal(TimeSpan.FromSeconds(2), options.Drain.Time);
        Assert.Equal(OriginRefusal.Close, options.Origins.Refuse);
        Assert.Null(options.Greeting);
    }

    [Fact]
    public void Later_layer_wins()
    {
        const string File = "include \"built-in/broker.conf\"\nbroker { listen.port = 1, ops.port = 1, cluster.port = 1 }";
        var environment = new Dictionary<string, string> { ["BROKER__OPS__PORT"] = "2", ["BROKER__CLUSTER__PORT"] = "2" };
        var options = Load(File, environment, new CommandLineOptions { ClusterPort = 3 }).Options!;
        Assert.Equal((1, 2, 3), (options.Listen.Port, options.Ops.Port, options.Cluster.Port));
    }

    [Fact]
    public void Substitution_sees_the_environment_and_the_command_line()
    {
        var result = Load("include \"built-in/broker.conf\"\nbroker.ops.port = 1${broker.listen.port}", [], new CommandLineOptions { Port = 77 });
        Assert.Equal(177, result.Options!.Ops.Port);
    }

    [Fact]
    public void Variable_reaches_any_key_and_items_of_arrays()
    {
        var options = Load(
            "include \"built-in/broker.conf\"\nbroker.topics = [ { match = a, sender = on }, { match = b } ]",
            new()
            {
                ["BROKER__LIMITS__CONNECTIONS_PER_ADDRESS"] = "5",
                ["BROKER__TOPICS__0__MATCH"] = "x",
                ["BROKER__TOPICS__2__MATCH"] = "c",
                ["BROKER__ORIGINS__ALLOW__6"] = "https://a.example",
                ["BROKER__AUTH__KEYS__0__SECRET"] = Secret,
                ["BROKER__AUTH__KEYS__0__ALGORITHM"] = "HS256",
            }).Options!;
        Assert.Equal(5, options.Limits.ConnectionsPerAddress);
        Assert.Equal(["x", "b", "c"], options.Topics.Select(topic => topic.Match));
        Assert.True(options.Topics[0].Sender);
        Assert.Equal(["http://localhost:*", "https://localhost:*", "http://127.0.0.1:*", "https://127.0.0.1:*", "http://[::1]:*", "https://[::1]:*", "https://a.example"], options.Origins.Allow);
        Assert.Equal(Secret, Assert.Single(options.Auth.Keys).Secret);
    }

    [Fact]
    public void Variables_of_Kubernetes_are_not_read()
    {
        var environment = new Dictionary<string, string> { ["BROKER_PORT"] = "tcp://10.0.0.1:8080", ["BROKER_SERVICE_HOST"] = "10.0.0.1", ["BROKER_LISTEN_PORT"] = "1" };
        Assert.Equal(8080, Load("", environment, config: null).Options!.Listen.Port);
    }

    [Theory]
    [InlineData("BROKER__LISTEN__PORT", "99999", "environment BROKER__LISTEN__PORT: broker.listen.port: 99999: a whole number 0 to 65535")]
    [InlineData("BROKER__LISTEN__PROT", "1", "environment BROKER__LISTEN__PROT: broker.listen.prot: unknown key, did you mean broker.listen.port?")]
    [InlineData("BROKER__LISTEN____PORT", "1", "environment BROKER__LISTEN____PORT: not a key; broker.listen.port is BROKER__LISTEN__PORT")]
    [InlineData("BROKER__ORIGINS__ALLOW__7", "x", "environment BROKER__ORIGINS__ALLOW__7: the array has 6 items; the next is 6")]
    [InlineData("BROKER__ORIGINS__ALLOW", "x", "environment BROKER__ORIGINS__ALLOW: broker.origins.allow: x: an array of texts; in the environment one variable an item, BROKER__ORIGINS__ALLOW__0")]
    [InlineData("BROKER__AUTH", "x", "environment BROKER__AUTH: broker.auth: x: an object { … }")]
    public void Bad_variable_stops_the_start(string name, string value, string expected) =>
        Assert.Equal(expected, Load("", new() { [name] = value }, config: null).Errors[0]);

    [Theory]
    [InlineData("broker.listen.port = 70000", "node.conf:2: broker.listen.port: 70000: a whole number 0 to 65535")]
    [InlineData("broker.listen.port = null", "node.conf:2: broker.listen.port: null: a whole number 0 to 65535")]
    [InlineData("broker.listen.port = [1]", "node.conf:2: broker.listen.port: an array: a whole number 0 to 65535")]
    [InlineData("broker.listen.host = localhost", "node.conf:2: broker.listen.host: localhost: an IP address (0.0.0.0 and :: are all of the machine's)")]
    [InlineData("broker.listen.paths = []", "node.conf:2: broker.listen.paths: at least one path")]
    [InlineData("broker.listen.paths = [ws]", "node.conf:2: broker.listen.paths: \"ws\": a path starts with / and has no ? # or blanks")]
    [InlineData("broker.listen.client = b.js", "node.conf:2: broker.listen.client: b.js: \"\", or a path that starts with / and has no ? # or blanks")]
    [InlineData("broker.lisen.port = 1", "node.conf:2: broker.lisen: unknown key, did you mean broker.listen?")]
    [InlineData("broker.completely-unknown = 1", "node.conf:2: broker.completely-unknown: unknown key")]
    [InlineData("brokre.listen.port = 1", "node.conf:2: brokre: unknown key, did you mean broker?")]
    [InlineData("broker.limits.message = 1x", "node.conf:2: broker.limits.message: 1x: a size 1 to 15m (B, k, m, g)")]
    [InlineData("broker.heartbeat.interval = 25", "node.conf:2: broker.heartbeat.interval: 25: a duration 100ms to 1h (ms, s, m, h, d)")]
    [InlineData("broker.auth.skew = 31s", "node.conf:2: broker.auth.skew: 31s: a duration 0s to 30s (ms, s, m, h, d)")]
    [InlineData("broker.auth.query-token = yes", "node.conf:2: broker.auth.query-token: yes: on or off")]
    [InlineData("broker.origins.refuse = drop", "node.conf:2: broker.origins.refuse: drop: status or close")]
    [InlineData("broker.origins.refuse = 1", "node.conf:2: broker.origins.refuse: 1: status or close")]
    [InlineData("broker.origins.allow = [bad]", "node.conf:2: broker.origins.allow: bad is no origin")]
    [InlineData("broker.topics = [ { match = a } { match = b } ]", "node.conf:2: unexpected '{' after a value: a comma or a new line comes next (only strings are joined; quote what holds : = + [ or {)")]
    [InlineData("broker.topics = [ { delivery = other } ]", "node.conf:2: broker.topics[0].delivery: other: broadcast or sequenced")]
    [InlineData("broker.topics = [ { history { size = 1 } } ]", "node.conf:2: broker.topics: match \">\": history needs delivery = sequenced")]
    [InlineData("broker.topics = [ { history.ttl = 1s } ]", "node.conf:2: broker.topics: match \">\": history needs delivery = sequenced")]
    [InlineData("broker.topics = [ { presence = on } ]", "node.conf:2: broker.topics: match \">\": presence needs delivery = sequenced")]
    [InlineData("broker.topics = [ { match = a, keep = latest } ]", "node.conf:2: broker.topics: match \"a\": keep needs delivery = sequenced")]
    [InlineData("broker.topics = [ { delivery = sequenced, keep = latest } ]", "node.conf:2: broker.topics: match \">\": keep = latest needs history.size, the most entries it may have")]
    [InlineData("broker.topics = [ { delivery = sequenced, history.ttl = 1h } ]", "node.conf:2: broker.topics: match \">\": history.ttl needs history.size, the most messages that are kept")]
    [InlineData("broker.topics = [ { delivery = sequenced, history.size = 100001 } ]", "node.conf:2: broker.topics[0].history.size: 100001: a whole number 0 to 100000")]
    [InlineData("broker.topics = [ { delivery = sequenced, history { size = 1, time = 1 } } ]", "node.conf:2: broker.topics[0].history.time: unknown key")]
    [InlineData("broker.topics = [ { delivery = sequenced, keep = newest } ]", "node.conf:2: broker.topics[0].keep: newest: all or latest")]
    [InlineData("broker.cluster.copies = 3", "node.conf:2: broker.cluster.copies: 3: a whole number 1 to 2")]
    [InlineData("broker.lanes.count = 3", "node.conf:2: broker.lanes.count: 3 does not divide 256: 1, 2, 4, 8, 16, 32, 64, 128 or 256")]
    [InlineData("broker { limits.history = 2m, memory.history = 1m }", "node.conf:2: broker.memory.history: smaller than broker.limits.history, the history of one topic (2097152 bytes)")]
    [InlineData("broker.topics = [ { slow = drop } ]", "node.conf:2: broker.topics[0].slow: drop: disconnect or skip or latest")]
    [InlineData("broker.memory.logs = 1k", "node.conf:2: broker.memory.logs: 1k: a size 1m to 1024g (B, k, m, g), or null")]
    [InlineData("broker.memory.connections = 1k", "node.conf:2: broker.memory.connections: 1k: a size 1m to 1024g (B, k, m, g), or null")]
    [InlineData("broker.memory.connections = 1m\nbroker.limits.message = 2m", "node.conf:2: broker.memory.connections: smaller than a message (2097152 bytes), which then could never be sent")]
    [InlineData("broker.memory.log = 1m", "node.conf:2: broker.memory.log: unknown key, did you mean broker.memory.logs?")]
    [InlineData("broker.topics = [ { durable = on } ]", "node.conf:2: broker.topics[0].durable: on: not supported yet by this version")]
    [InlineData("broker.topics = [ { rate { messages = 1 } } ]", "node.conf:2: broker.topics[0].rate: an object: not supported yet by this version")]
    [InlineData("broker.topics = [ { match = bad } ]", "node.conf:2: broker.topics: match \"bad\": tokens of A-Z a-z 0-9 _ : @ - joined by dots; * is one token, a last > is one or more")]
    [InlineData("broker.auth.default-rights.deny.publish = [bad]", "broker.auth.default-rights.deny: \"bad\": tokens of A-Z a-z 0-9 _ : @ - joined by dots; * is one token, a last > is one or more; {user} is the subject")]
    [InlineData("broker.auth.default-rights.history = [bad]", "broker.auth.default-rights: \"bad\": tokens of A-Z a-z 0-9 _ : @ - joined by dots; * is one token, a last > is one or more; {user} is the subject")]
    [InlineData("broker.auth.default-rights.presences = []", "node.conf:2: broker.auth.default-rights.presences: unknown key, did you mean broker.auth.default-rights.presence?")]
    [InlineData("broker.auth.default-rights.deny.histroy = []", "node.conf:2: broker.auth.default-rights.deny.histroy: unknown key, did you mean broker.auth.default-rights.deny.history?")]
    [InlineData("broker.auth.anonymous-rights.deny.presence = [bad]", "broker.auth.anonymous-rights.deny: \"bad\": tokens of A-Z a-z 0-9 _ : @ - joined by dots; * is one token, a last > is one or more")]
    [InlineData("broker.auth.anonymous-rights.rooms.create = [bad]", "broker.auth.anonymous-rights: \"bad\": tokens of A-Z a-z 0-9 _ : @ - joined by dots; * is one token, a last > is one or more")]
    [InlineData("broker.auth.default-rights.deny.deny = { }", "node.conf:2: broker.auth.default-rights.deny.deny: unknown key")]
    [InlineData("broker.limits.unauthenticated-message = 65k", "node.conf:2: broker.limits.unauthenticated-message: larger than broker.limits.message")]
    [InlineData("broker.lanes.window = 64k", "node.conf:2: broker.lanes.window: smaller than the largest envelope or message (1048576 bytes), which then could never be sent")]
    [InlineData("broker { listen.port = 5, ops.port = 5 }", "node.conf:2: broker.ops.port: the same as broker.listen.port")]
    [InlineData("broker.cluster.seeds = [\"akka.tcp://x@a:1\"]", "node.conf:2: broker.cluster.seeds: \"akka.tcp://x@a:1\": a seed is host:port (IPv6 in brackets), without a scheme")]
    [InlineData("broker.cluster.host = \"0.0.0.0\"", "node.conf:2: broker.cluster.host: 0.0.0.0: an IP address or host name other nodes reach this node by")]
    [InlineData("broker.node.name = \"a\\u001bb\\u202e\"", "node.conf:2: broker.node.name: a?b?: at most 64 of A-Z a-z 0-9 - _ .")]
    [InlineData("broker.listen.tls.enabled = on", "broker.listen.tls.certificate: missing: the path of a PEM file")]
    [InlineData("broker.listen.tls { enabled = on, certificate = \"/no/such.pfx\" }", "broker.listen.tls.certificate: /no/such.pfx: not found")]
    [InlineData("broker.listen.proxy.trusted = [\"0.0.0.0/0\"]", "broker.listen.proxy.trusted: \"0.0.0.0/0\": an address, or a network such as 10.0.0.0/8; not all addresses there are: then anybody could be anybody")]
    [InlineData("broker.listen.proxy.header = \"X Forwarded\"", "node.conf:2: broker.listen.proxy.header: X Forwarded: the name of a header")]
    public void Bad_value_stops_the_start_with_one_line(string text, string expected)
    {
        var result = Load("include \"built-in/broker.conf\"\n" + text);
        Assert.Null(result.Options);
        Assert.EndsWith(expected, result.Errors[0], StringComparison.Ordinal);
        Assert.DoesNotContain('\n', result.Errors[0]);
    }

    [Theory]
    [InlineData("disconnect", SlowPolicy.Disconnect)]
    [InlineData("skip", SlowPolicy.Skip)]
    [InlineData("latest", SlowPolicy.Latest)]
    public void A_topic_says_what_becomes_of_slow_subscribers(string word, SlowPolicy policy)
    {
        var result = Load($"include \"built-in/broker.conf\"\nbroker.topics = [ {{ slow = {word} }} ]");
        Assert.Empty(result.Errors);
        Assert.Equal(policy, Assert.Single(result.Options!.Topics).Slow);
    }

    [Theory]
    [InlineData("16g", 16L << 30)]
    [InlineData("null", null)]
    public void Bounds_of_memory_are_a_size_or_a_quarter_of_the_memory(string value, long? bytes)
    {
        var result = Load($"include \"built-in/broker.conf\"\nbroker.memory {{ logs = {value}, connections = {value} }}");
        Assert.Empty(result.Errors);
        Assert.Equal(bytes, result.Options!.Memory.Logs);
        Assert.Equal(bytes ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4, result.Options.Memory.LogBytes);
        Assert.InRange(result.Options.Memory.LogBytes, 1 << 20, long.MaxValue);
        Assert.Equal((bytes, result.Options.Memory.LogBytes), (result.Options.Memory.Connections, result.Options.Memory.ConnectionBytes));
    }

    [Fact]
    public void Missing_configuration_file_stops_the_start() =>
        Assert.Equal(
            ["nowhere.conf: not found, or not readable as UTF-8 text"],
            BrokerConfiguration.Load(new CommandLineOptions { Config = "nowhere.conf" }, new Dictionary<string, string>(), Checks, _ => null).Errors);

    [Fact]
    public void All_bad_values_are_told_at_once() =>
        Assert.Equal(3, Load("broker { listen.port = x, ops.port = y, auth.timeout = z, auth.anonymous = on }").Errors.Count);

    [Theory]
    [InlineData("changeme")]
    [InlineData("secret")]
    [InlineData("SecretSecretSecretSecretSecretSecret")]
    [InlineData("changeme-changeme-changeme-changeme-changeme")]
    [InlineData("please-changeme-1234567890-1234567890")]
    [InlineData("your-256-bit-secret")]
    [InlineData("a-string-secret-at-least-256-bits-long")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    [InlineData("passwordpasswordpasswordpasswordpass")]
    public void Default_secret_stops_the_start_and_is_not_shown(string secret)
    {
        var error = Assert.Single(Load(Key("HS256", secret)).Errors);
        Assert.StartsWith("node.conf:1: broker.auth.keys[0].secret: a default secret is refused", error, StringComparison.Ordinal);
        Assert.DoesNotContain(secret, error.Replace("a default secret", "", StringComparison.Ordinal).Replace(".secret", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("HS256", 31, false)]
    [InlineData("HS256", 32, true)]
    [InlineData("HS384", 47, false)]
    [InlineData("HS384", 48, true)]
    [InlineData("HS512", 63, false)]
    [InlineData("HS512", 64, true)]
    public void Secret_shorter_than_its_hash_stops_the_start(string algorithm, int bytes, bool starts)
    {
        var errors = Load(Key(algorithm, (Secret + Secret)[..bytes])).Errors;
        Assert.Equal(starts, errors.Count == 0);
        Assert.All(errors, error => Assert.Contains($"{bytes} bytes; {algorithm} needs at least {bytes + 1}", error, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("algorithm = HS256", "no secret: set secret-file")]
    [InlineData("secret = x", "algorithm: missing; one of HS256")]
    [InlineData("algorithm = none, secret = x", "broker.auth.keys[0].algorithm: none: HS256, ")]
    [InlineData("algorithm = RS256, secret = x", "RS256 takes public-key or public-key-file (PEM), or jwks, and no secret")]
    [InlineData("algorithm = HS256, public-key = x", "HS256 takes secret or secret-file, and no public-key")]
    [InlineData("algorithm = RS256, jwks = \"http://x/keys\"", "jwks: a file or an https URL")]
    [InlineData("algorithm = HS256, jwks = \"https://x/keys\"", "a JWKS holds public keys: RS or ES")]
    [InlineData("algorithm = RS256, id = a, jwks = \"https://x/keys\"", "jwks stands alone")]
    [InlineData("algorithm = HS256, secret = { a = 1 }", "broker.auth.keys[0].secret: (hidden): a text")]
    [InlineData("algorithm = HS256, secret = x, secret-file = y", "set either secret or secret-file, not both")]
    [InlineData("algorithm = HS256, secret-file = nowhere", "nowhere: not found")]
    public void Key_that_cannot_verify_stops_the_start(string key, string expected) =>
        Assert.Contains(expected, Load($"broker.auth.keys = [ {{ {key} }} ]").Errors[0], StringComparison.Ordinal);

    [Theory]
    [InlineData("broker.auth.timeout = 5s")]
    [InlineData("include \"built-in/reference.conf\"")]
    public void Start_that_nobody_could_connect_to_is_refused(string text) =>
        Assert.Contains("broker.auth.keys: no key, and anonymous = off: nobody could connect", Load(text).Errors[0], StringComparison.Ordinal);

    [Fact]
    public void File_of_one_line_has_the_defaults_of_a_start_without_one()
    {
        var options = Load("broker.listen.port = 9000").Options!;
        Assert.Equal(9000, options.Listen.Port);
        Assert.Equivalent(Load("", config: null).Options! with { Listen = options.Listen }, options);
    }

    [Theory]
    [InlineData("broker.auth.keys = [ { algorithm = HS256, secret = \"0123456789abcdef0123456789abcdef\" } ]")]
    [InlineData("include \"built-in/production.conf\"\nbroker.cluster.tls.enabled = off\nbroker.auth.keys = [ { algorithm = HS256, secret = \"0123456789abcdef0123456789abcdef\" } ]")]
    [InlineData("akka.mine.auth.keys = [ { algorithm = HS256, secret = \"0123456789abcdef0123456789abcdef\" } ]\nbroker = ${akka.mine}")]
    public void File_that_says_who_may_connect_is_closed_where_it_says_nothing(string text)
    {
        var options = Load(text).Options!;
        Assert.False(options.Auth.Anonymous);
        Assert.Empty(options.Auth.AnonymousRights.Publish);
        Assert.Empty(options.Origins.Allow);
        Assert.Equal(256, options.Limits.ConnectionsPerAddress);
    }

    [Fact]
    public void File_of_one_line_opens_no_network() =>
        Assert.Contains("nobody chose what anonymous users may do", Load("broker.listen.host = \"0.0.0.0\"").Errors[0], StringComparison.Ordinal);

    [Theory]
    [InlineData("\n", true)]
    [InlineData("\r\n", true)]
    [InlineData("", true)]
    public void Secret_is_read_from_its_file_without_the_line_end(string end, bool starts)
    {
        using var directory = new TemporaryDirectory();
        var file = directory.Write("jwt", Secret + end, UnixFileMode.UserRead | UnixFileMode.GroupRead);
        var result = LoadDisk(directory.Write("node.conf", $"broker.auth.keys = [ {{ algorithm = HS256, secret-file = \"{file}\" }} ]"));
        Assert.Equal(starts, result.Errors.Count == 0);
        Assert.Equal(Secret, result.Options!.Auth.Keys[0].Secret);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Secret_file_everybody_can_read_stops_the_start(bool linked)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "files have no such mode");
        using var directory = new TemporaryDirectory();
        var file = directory.Write("jwt", Secret, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        if (linked)
        {
            File.CreateSymbolicLink(file + ".link", file);
            file += ".link";
        }

        var error = Assert.Single(LoadDisk(directory.Write("node.conf", $"broker.auth.keys = [ {{ algorithm = HS256, secret-file = \"{file}\" }} ]")).Errors);
        Assert.EndsWith($"{file}: everybody on this machine can read this file; chmod o-r it (Kubernetes: defaultMode 0440)", error, StringComparison.Ordinal);
    }

    [Fact]
    public void File_that_is_not_UTF8_stops_the_start()
    {
        using var directory = new TemporaryDirectory();
        var file = Path.Combine(directory.Path, "node.conf");
        File.WriteAllBytes(file, [(byte)'#', 0xFF, 0xFE]);
        Assert.Equal($"{file}: not found, or not readable as UTF-8 text", Assert.Single(LoadDisk(file).Errors));
    }

    [Theory]
    [InlineData("include \"built-in/broker.conf\"\nbroker.listen.host = \"0.0.0.0\"", false)]
    [InlineData("include \"built-in/broker.conf\"\nbroker.listen.host = \"::\"", false)]
    [InlineData("broker { listen.host = \"0.0.0.0\", auth.anonymous = on }", false)]
    [InlineData("include \"built-in/broker.conf\"\nbroker { listen.host = \"0.0.0.0\", auth.anonymous-rights.subscribe = [\"news.>\"] }", false)]
    [InlineData("include \"built-in/broker.conf\"\nbroker { listen.host = \"0.0.0.0\", auth.anonymous-rights { subscribe = [\"news.>\"], publish = [] } }", false)]
    [InlineData("include \"built-in/broker.conf\"\nbroker { listen.host = \"0.0.0.0\", auth.anonymous-rights { subscribe = [\"news.>\"], publish = [], history = [\"news.>\"], presence = [] } }", false)]
    [InlineData("include \"built-in/broker.conf\"\nbroker { listen.host = \"0.0.0.0\", auth.anonymous-rights { subscribe = [\"news.>\"], publish = [], history = [\"news.>\"], presence = [], rooms { create = [], join = [\"race\"] } } }", true)]
    [InlineData("broker { listen.host = \"0.0.0.0\", auth { anonymous = on, anonymous-rights.subscribe = [\"news.>\"] } }", true)]
    [InlineData("include \"built-in/broker.conf\"", true)]
    [InlineData("include \"built-in/broker.conf\"\nbroker.listen.host = \"::1\"", true)]
    public void Anonymous_rights_nobody_chose_stop_a_start_others_can_reach(string text, bool starts)
    {
        var result = Load(text);
        Assert.Equal(starts, result.Errors.Count == 0);
        Assert.All(result.Errors, error => Assert.Contains("nobody chose what anonymous users may do", error, StringComparison.Ordinal));
    }

    [Fact]
    public void Unchanged_copy_of_our_file_is_not_a_choice()
    {
        var text = ConfigurationFiles.BuiltIn("broker.conf")!;
        var environment = new Dictionary<string, string> { ["BROKER__LISTEN__HOST"] = "0.0.0.0" };
        string? Read(string file) => file == "copy/broker.conf" ? text : null;
        var flags = new CommandLineOptions { Config = "copy/broker.conf" };
        Assert.Single(BrokerConfiguration.Load(flags, environment, Checks, Read).Errors);
        foreach (var right in (string[])["SUBSCRIBE", "PUBLISH", "HISTORY", "PRESENCE", "ROOMS__CREATE", "ROOMS__JOIN"])
        {
            Assert.Single(BrokerConfiguration.Load(flags, environment, Checks, Read).Errors);
            environment[$"BROKER__AUTH__ANONYMOUS_RIGHTS__{right}__0"] = "news.>";
        }

        Assert.Empty(BrokerConfiguration.Load(flags, environment, Checks, Read).Errors);
    }

    [Fact]
    public void Dev_opens_a_single_node_to_everybody_and_says_so()
    {
        var result = Load("", flags: new CommandLineOptions { Dev = true }, config: null);
        Assert.Equal("0.0.0.0", result.Options!.Listen.Host);
        Assert.Equivalent(Everything, result.Options.Auth.AnonymousRights);
        Assert.Contains("EVERYBODY", Assert.Single(result.Warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cluster.host = \"10.0.0.1\"", "10.0.0.1 can be reached by others without mutual TLS")]
    [InlineData("cluster.host = \"node-1.example\"", "node-1.example can be reached by others without mutual TLS")]
    [InlineData("cluster { host = \"10.0.0.1\", tls.enabled = on }", "broker.cluster.tls.certificate: missing")]
    [InlineData("cluster { host = \"10.0.0.1\", insecure = on }", null)]
    [InlineData("cluster.host = localhost", null)]
    [InlineData("cluster.host = \"::1\"", null)]
    public void Remoting_beyond_loopback_needs_mutual_TLS(string cluster, string? expected)
    {
        var errors = Load($"include \"built-in/broker.conf\"\nbroker {{ {cluster} }}").Errors;
        Assert.Equal(expected is null, errors.Count == 0);
        Assert.Contains(expected ?? "", string.Join('\n', errors), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("broker.platform.grace-period = 20s", "broker.platform.grace-period: 20s is not more than the 51s a stop may take")]
    [InlineData("broker.drain { delay = 20s, time = 30s }", "broker.platform.grace-period: 90s is not more than the 99s a stop may take")]
    [InlineData("akka.coordinated-shutdown.phases.cluster-leave.timeout = 50s", "a stop may take")]
    [InlineData("broker.drain.time = 5s\nakka.coordinated-shutdown.phases.service-requests-done.timeout = 4s", "node.conf:3: akka.coordinated-shutdown.phases.service-requests-done.timeout: shorter than the 5s")]
    [InlineData("akka.cluster.sharding.handoff-timeout = 25s", "node.conf:2: akka.cluster.sharding.handoff-timeout: 25s is not less than the 25s of coordinated-shutdown.phases.service-stop.timeout")]
    [InlineData("akka.cluster.sharding.state-store-mode = persistence", "node.conf:2: akka.cluster.sharding.state-store-mode: may not be set: partitions are owned anew by every cluster")]
    [InlineData("akka.cluster.failure-detector.acceptable-heartbeat-pause = 3s", "akka.cluster.split-brain-resolver.stable-after: 4s is less than twice")]
    [InlineData("akka.cluster.split-brain-resolver.stable-after = 3 seconds", "node.conf:2: akka.cluster.split-brain-resolver.stable-after: a duration (ms, s, m, h, d)")]
    [InlineData("akka.remote.dot-netty.tcp.maximum-frame-size = 64k", "broker.lanes.envelope: 65536 bytes do not fit akka.remote.dot-netty.tcp.maximum-frame-size (65536)")]
    [InlineData("broker.limits.message = 16m", "node.conf:2: broker.limits.message:")]
    [InlineData("broker.lanes { envelope = 2m, window = 4m }", "node.conf:2: broker.lanes.envelope: 2097152 bytes do not fit")]
    [InlineData("akka.remote.dot-netty.tcp.port = 1", "node.conf:2: akka.remote.dot-netty.tcp.port: may not be set: set broker.cluster.port")]
    [InlineData("akka.actor.serialization-bindings.\"System.Object\" = hyperion", "may not be set: messages are a closed set")]
    [InlineData("akka.actor.serializers.json = x", "may not be set: messages are a closed set")]
    public void Settings_that_do_not_add_up_stop_the_start(string text, string expected) =>
        Assert.Contains(expected, Load("include \"built-in/broker.conf\"\n" + text).Errors[0], StringComparison.Ordinal);

    private static readonly ConfigurationChecks Checks = new()
    {
        Origins = allow => allow.Contains("bad") ? "bad is no origin" : null,
        TopicPattern = pattern => pattern != "bad",
        Akka = static (options, akka, errors) => AkkaConfig.Build(options, akka, errors),
    };

    private static string Key(string algorithm, string secret) => $"broker.auth.keys = [ {{ algorithm = {algorithm}, secret = \"{secret}\" }} ]";

    private static ConfigurationResult Load(string text, Dictionary<string, string>? environment = null, CommandLineOptions? flags = null, string? config = "node.conf") =>
        BrokerConfiguration.Load((flags ?? new CommandLineOptions()) with { Config = config }, environment ?? [], Checks, file => file == "node.conf" ? text : null);

    private static ConfigurationResult LoadDisk(string file) =>
        BrokerConfiguration.Load(new CommandLineOptions { Config = file }, new Dictionary<string, string>(), Checks);
}
