namespace Broker.Node.Configuration;

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
