using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Reflection;
using Broker.Node.Configuration.Hocon;
using Broker.Node.Configuration.Options;

namespace Broker.Node.Configuration;

/// <summary>Parses the command line. Pure: reads no files and prints nothing.</summary>
internal sealed class CommandLine
{
    /// <summary>Exit code of a command line or a configuration that is wrong.</summary>
    public const int UsageError = 2;

    private readonly Option<string?> _config = Single("--config", "FILE", "Configuration file; without it one node on this machine with anonymous rights.");
    private readonly Option<int?> _port = Port("--port", "Public port; 0: the system chooses.");
    private readonly Option<int?> _clusterPort = Port("--cluster-port", "Port for other nodes; 0: the system chooses.");
    private readonly Option<int?> _opsPort = Port("--ops-port", "Health port; 0: the system chooses. Default: the public port + 1000.");
    private readonly Option<string[]> _seed = Many("--seed", "HOST:PORT", "A node of the cluster to join; may be repeated.");
    private readonly Option<bool> _dev = new("--dev") { Description = "Listen on all addresses and let EVERYBODY do everything. A single node, never where others can connect." };

    private readonly Option<string?> _user = Single("--user", "ID", "Subject of the token.");
    private readonly Option<string[]> _subscribe = Many("--subscribe", "PATTERN", "Topics it may subscribe to; may be repeated.");
    private readonly Option<string[]> _publish = Many("--publish", "PATTERN", "Topics it may publish to; may be repeated.");
    private readonly Option<string[]> _history = Many("--history", "PATTERN", "Topics whose history it may read; may be repeated.");
    private readonly Option<string[]> _presence = Many("--presence", "PATTERN", "Topics whose presence it may see; may be repeated.");
    private readonly Option<string[]> _createRooms = Many("--create-rooms", "PATTERN", "Kinds of rooms it may create; may be repeated.");
    private readonly Option<string[]> _joinRooms = Many("--join-rooms", "PATTERN", "Kinds of rooms it may join; may be repeated.");
    private readonly Option<string?> _expires = Single("--expires", "TIME", "How long it is valid: 30m, 8h; at most broker.auth.max-life (24h by default). Default: 1h.");
    private readonly Option<string?> _keyId = Single("--key-id", "ID", "Id of the key that signs. Default: the first HS key.");

    private readonly RootCommand _root;
    private readonly Command _token;

    private CommandLine()
    {
        _config.Recursive = true;
        _expires.Validators.Add(result => ValidateWith(result, text => HoconUnits.Duration(text) > TimeSpan.Zero, "a duration such as 30m or 8h"));
        _seed.Validators.Add(result => ValidateWith(result, text => NodeAddress.TryParse(text) is not null, "host:port (IPv6 in brackets)"));
        _token = new Command("token", "Print a token signed with a key of the configuration.") { _user, _subscribe, _publish, _history, _presence, _createRooms, _joinRooms, _expires, _keyId };
        _root = new RootCommand("Broker: a clustered WebSocket message broker.") { _config, _port, _clusterPort, _opsPort, _seed, _dev, _token };
        _root.Directives.Clear();

        // Without an action a command line that names no subcommand would be an error.
        _root.SetAction(_ => 0);
        _token.SetAction(_ => 0);
        _root.Validators.Add(result =>
        {
            if (result.GetValue(_dev) && result.GetValue(_seed) is { Length: > 0 })
            {
                result.AddError("--dev is for a single node: not together with --seed.");
            }
        });
    }

    /// <summary>Never throws for what a user typed.</summary>
    public static CommandLineResult Parse(string[] args) => new CommandLine().Interpret(args);

    private CommandLineResult Interpret(string[] args)
    {
        // No @file expansion: nothing here reads files.
        var parsed = _root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Action is HelpAction)
        {
            using var help = new StringWriter(CultureInfo.InvariantCulture);
            parsed.Invoke(new InvocationConfiguration { Output = help, Error = help });
            return new CommandLineResult { Text = help.ToString().TrimEnd() };
        }

        if (parsed.Errors.Count > 0)
        {
            return new CommandLineResult { Text = string.Join('\n', parsed.Errors.Select(error => error.Message).Append("Try --help.")), ExitCode = UsageError };
        }

        if (parsed.Action == _root.Options.OfType<VersionOption>().Single().Action)
        {
            return new CommandLineResult { Text = $"broker {Version}" };
        }

        return parsed.CommandResult.Command == _token ? new CommandLineResult { Token = Token(parsed) } : new CommandLineResult { Run = Run(parsed) };
    }

    private static string Version =>
        Assembly.GetExecutingAssembly().GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    private CommandLineOptions Run(ParseResult parsed) => new()
    {
        Config = parsed.GetValue(_config),
        Port = parsed.GetValue(_port),
        ClusterPort = parsed.GetValue(_clusterPort),
        OpsPort = parsed.GetValue(_opsPort),
        Seeds = parsed.GetValue(_seed) ?? [],
        Dev = parsed.GetValue(_dev),
    };

    private TokenCommandOptions Token(ParseResult parsed) => new()
    {
        Config = parsed.GetValue(_config),
        User = parsed.GetValue(_user),
        Rights = new RightsOptions
        {
            Subscribe = parsed.GetValue(_subscribe) ?? [],
            Publish = parsed.GetValue(_publish) ?? [],
            History = parsed.GetValue(_history) ?? [],
            Presence = parsed.GetValue(_presence) ?? [],
            Rooms = new RoomRightsOptions { Create = parsed.GetValue(_createRooms) ?? [], Join = parsed.GetValue(_joinRooms) ?? [] },
        },
        Life = HoconUnits.Duration(parsed.GetValue(_expires) ?? "") ?? new TokenCommandOptions().Life,
        KeyId = parsed.GetValue(_keyId),
    };

    private static Option<string?> Single(string name, string value, string description) => new(name) { HelpName = value, Description = description };

    private static Option<string[]> Many(string name, string value, string description) => new(name) { HelpName = value, Description = description, Arity = ArgumentArity.OneOrMore };

    private static Option<int?> Port(string name, string description)
    {
        var option = new Option<int?>(name) { HelpName = "PORT", Description = description };
        option.Validators.Add(result => ValidateWith(result, text => HoconUnits.Integer(text) is >= 0 and <= 65535, "a port 0 to 65535"));
        return option;
    }

    private static void ValidateWith(OptionResult result, Func<string, bool> accept, string allowed)
    {
        foreach (var token in result.Tokens.Where(token => !accept(token.Value)))
        {
            result.AddError($"{result.Option.Name}: {HoconError.OneLine(token.Value, 80)}: {allowed}");
        }
    }
}

/// <summary>What a command line asks for: a node, a token, or a text and an exit code.</summary>
internal sealed record CommandLineResult
{
    /// <summary>Start a node.</summary>
    public CommandLineOptions? Run { get; init; }

    /// <summary>Print a token.</summary>
    public TokenCommandOptions? Token { get; init; }

    /// <summary>Help or version for standard output, or with another <see cref="ExitCode"/> than 0 what is wrong, for standard error.</summary>
    public string Text { get; init; } = "";

    public int ExitCode { get; init; }
}

/// <summary>Flags of a start; null and empty where none was given.</summary>
internal sealed record CommandLineOptions
{
    /// <summary>Path of the configuration file; null: the built-in <c>broker.conf</c>.</summary>
    public string? Config { get; init; }

    public int? Port { get; init; }

    public int? ClusterPort { get; init; }

    public int? OpsPort { get; init; }

    /// <summary>Seed nodes, <c>host:port</c>.</summary>
    public IReadOnlyList<string> Seeds { get; init; } = [];

    /// <summary>Listens on all addresses and lets anonymous connections do everything; a single node.</summary>
    public bool Dev { get; init; }
}
