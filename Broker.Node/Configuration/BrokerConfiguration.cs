using Broker.Node.Configuration.Hocon;
using Broker.Node.Configuration.Options;

namespace Broker.Node.Configuration;

/// <summary>
/// Reads the layers, later wins: <c>reference.conf</c>, the built-in <c>broker.conf</c>, the <c>--config</c> file, the section
/// <c>Broker</c> of an application's configuration, <c>BROKER__…</c> variables, flags. Bad input gives error lines, never an exception.
/// </summary>
/// <remarks>
/// <c>broker.conf</c> admits everybody. It is left out under a file or a section that says who may connect (<c>broker.auth</c>), and under a file
/// that begins with one of those we ship: what says that is closed where it says nothing.
/// </remarks>
internal static class BrokerConfiguration
{
    /// <param name="flags">What the command line says.</param>
    /// <param name="environment">Variables of the process.</param>
    /// <param name="checks">Rules of other parts.</param>
    /// <param name="readFile">Text of a file, null when it is not there; null reads the disk.</param>
    /// <param name="host">The application's configuration; null: there is no application around the node.</param>
    public static ConfigurationResult Load(
        CommandLineOptions flags,
        IReadOnlyDictionary<string, string> environment,
        ConfigurationChecks checks,
        Func<string, string?>? readFile = null,
        IConfigurationRoot? host = null)
    {
        var errors = new ConfigurationErrors();
        var files = new ConfigurationFiles(readFile);
        if (Bind(flags, environment, files, host, errors) is not { } bound)
        {
            return new ConfigurationResult { Errors = errors.Lines };
        }

        var akka = checks.Akka(bound.Options, bound.Tree["akka"] as HoconObject, errors);
        new OptionsValidator(bound.Options, bound.Tree, checks, files, errors).Validate();
        AkkaRules.Validate(bound.Options, akka, bound.Tree, errors);
        if (errors.Any)
        {
            return new ConfigurationResult { Errors = errors.Lines };
        }

        return new ConfigurationResult { Options = bound.Options, Akka = akka, Warnings = Warnings(flags, bound.Options) };
    }

    /// <summary>The options alone, with the rules for keys only: what minting a token needs on a machine that will not start a node.</summary>
    public static ConfigurationResult LoadKeys(CommandLineOptions flags, IReadOnlyDictionary<string, string> environment, Func<string, string?>? readFile = null)
    {
        var errors = new ConfigurationErrors();
        var bound = Bind(flags, environment, new ConfigurationFiles(readFile), null, errors);
        if (bound is not null)
        {
            KeyValidator.Validate(bound.Value.Options, bound.Value.Tree, errors);
        }

        return new ConfigurationResult { Options = errors.Any ? null : bound?.Options, Errors = errors.Lines };
    }

    private static (BrokerOptions Options, HoconObject Tree)? Bind(CommandLineOptions flags, IReadOnlyDictionary<string, string> environment, ConfigurationFiles files, IConfigurationRoot? host, ConfigurationErrors errors)
    {
        var variables = new EnvironmentLayer(environment, errors);
        var section = host is null ? null : HostLayer.Read(host);
        if (Merge(flags.Config, section, files, errors) is not { } merged || errors.Any)
        {
            return null;
        }

        variables.Put(merged);
        CommandLineLayer.Put(flags, merged);
        var resolver = new HoconResolver(merged, environment);
        if (resolver.Resolve() is not { } tree)
        {
            errors.Add(resolver.Error!);
            return null;
        }

        variables.PutItems(tree, errors);
        if (errors.Any)
        {
            return null;
        }

        var root = new ConfigurationSection(tree, "", errors);
        var options = OptionsBinder.Bind(root, new SecretFiles(files.Read, SecretFiles.IsReadableByOthers, errors));
        root.LeaveObject("akka");
        root.End();
        return (options, tree);
    }

    /// <param name="config">The file of <c>--config</c>; null: none.</param>
    /// <param name="section">Of the application's configuration; null: none.</param>
    /// <param name="files">Where texts come from.</param>
    /// <param name="errors">Of the files.</param>
    private static HoconObject? Merge(string? config, HostLayer? section, ConfigurationFiles files, ConfigurationErrors errors)
    {
        // First, so that what was read of the files we ship is what this one includes.
        var own = config is null ? null : Read(config, files, errors);
        var isOpen = section is not { HasAuth: true } && (config is null || (own is not null && !files.AnyShipped && !HasAuth(own)));
        var merged = Read(HoconReader.BuiltIn + "reference.conf", files, errors);
        if (isOpen && Read(HoconReader.BuiltIn + "broker.conf", files, errors) is { } open)
        {
            merged?.Merge(open);
        }

        if (merged is not null)
        {
            if (own is not null)
            {
                merged.Merge(own);
            }

            section?.Put(merged);
        }

        return merged;
    }

    /// <summary>Of a tree that is not resolved: what a substitution will have put there may say who may connect.</summary>
    private static bool HasAuth(HoconObject own) => own["broker"] is { } broker && (broker is not HoconObject settings || settings["auth"] is not null);

    private static HoconObject? Read(string file, ConfigurationFiles files, ConfigurationErrors errors)
    {
        var reader = new HoconReader(files.Read);
        var tree = reader.Read(file);
        if (tree is null)
        {
            errors.Add(reader.Error!);
        }

        return tree;
    }

    private static string[] Warnings(CommandLineOptions flags, BrokerOptions options)
    {
        var warnings = new List<string>();
        if (flags.Dev)
        {
            warnings.Add("--dev: EVERYBODY who can reach this machine may subscribe and publish to everything, read all history and see all presence. Never use --dev where others can connect.");
        }

        if (options.Cluster.Insecure && !options.Cluster.Tls.Enabled && !NodeAddress.IsLoopback(options.Cluster.Host))
        {
            warnings.Add($"broker.cluster.insecure = on: whoever can reach {options.Cluster.Host} on the cluster port controls this node.");
        }

        return [.. warnings];
    }
}

/// <summary>What a start is configured to do, or why it must not start.</summary>
internal sealed record ConfigurationResult
{
    /// <summary>Null when there are errors.</summary>
    public BrokerOptions? Options { get; init; }

    /// <summary>The whole tree for the actor system, ready for <c>AkkaConfig.ToConfig</c>; null when there are errors.</summary>
    public HoconObject? Akka { get; init; }

    /// <summary>One line each.</summary>
    public IReadOnlyList<string> Errors { get; init; } = [];

    /// <summary>Lines an operator should see at start.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}

/// <summary>Rules that belong to other parts and are asked at start.</summary>
internal sealed record ConfigurationChecks
{
    /// <summary>What is wrong with which entry of <c>origins.allow</c>; null when nothing is.</summary>
    public required Func<IReadOnlyList<string>, string?> Origins { get; init; }

    /// <summary>Whether a text is a topic pattern.</summary>
    public required Func<string, bool> TopicPattern { get; init; }

    /// <summary>The tree for the actor system, of the options and of the resolved <c>akka</c> tree.</summary>
    public required Func<BrokerOptions, HoconObject?, ConfigurationErrors, HoconObject> Akka { get; init; }
}
