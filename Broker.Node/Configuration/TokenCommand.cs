using Broker.Node.Configuration.Options;

namespace Broker.Node.Configuration;

/// <summary><c>broker token</c>: mints a token a node with the same configuration accepts.</summary>
internal static class TokenCommand
{
    /// <returns>A token and exit code 0, or what is wrong and another.</returns>
    public static CommandLineResult Run(
        TokenCommandOptions command,
        IReadOnlyDictionary<string, string> environment,
        TokenMint mint,
        DateTimeOffset now,
        Func<string, string?>? readFile = null)
    {
        var loaded = BrokerConfiguration.LoadKeys(new CommandLineOptions { Config = command.Config }, environment, readFile);
        if (loaded.Options is null)
        {
            return Refuse([.. loaded.Errors]);
        }

        var auth = loaded.Options.Auth;
        var key = auth.Keys.FirstOrDefault(key => key.Secret.Length > 0 && (command.KeyId is null || key.Id == command.KeyId));
        if (key is null)
        {
            return Refuse(command.KeyId is null
                ? "broker.auth.keys: no HS key to sign with: give a configuration that has one with --config FILE"
                : $"broker.auth.keys: no HS key with the id {command.KeyId}");
        }

        if (command.Life > auth.MaxLife)
        {
            return Refuse($"--expires: longer than broker.auth.max-life ({auth.MaxLife.TotalHours:0.##}h): no node would accept it");
        }

        if (command.Life < TimeSpan.FromSeconds(1))
        {
            return Refuse("--expires: a token counts whole seconds: at least 1s");
        }

        if (string.IsNullOrEmpty(command.User))
        {
            return Refuse("--user: whom the token is for, 1-255 bytes");
        }

        try
        {
            return new CommandLineResult { Text = mint(key, command.User, command.Rights, command.Life, now, auth.RightsClaim, auth.Issuer, auth.Audience) };
        }
        catch (ArgumentException e)
        {
            return Refuse(e.Message);
        }
    }

    private static CommandLineResult Refuse(params string[] lines) => new() { Text = string.Join('\n', lines), ExitCode = CommandLine.UsageError };
}

/// <summary>Flags of <c>token</c>.</summary>
internal sealed record TokenCommandOptions
{
    /// <summary>Configuration with the key; null: the built-in <c>broker.conf</c>.</summary>
    public string? Config { get; init; }

    /// <summary>Subject; null: none.</summary>
    public string? User { get; init; }

    public RightsOptions Rights { get; init; } = new();

    public TimeSpan Life { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Which of several keys signs; null: the first that can.</summary>
    public string? KeyId { get; init; }
}

/// <summary>Signs a token.</summary>
/// <param name="key">An HS key.</param>
/// <param name="user">Subject; null: none.</param>
/// <param name="rights">Goes into <paramref name="rightsClaim"/>.</param>
/// <param name="life">How long it is valid.</param>
/// <param name="now">From when on.</param>
/// <param name="rightsClaim">Name of the claim with the rights.</param>
/// <param name="issuer"><c>iss</c>; empty: none.</param>
/// <param name="audience"><c>aud</c>; empty: none.</param>
/// <returns>The token in compact form.</returns>
internal delegate string TokenMint(AuthKeyOptions key, string? user, RightsOptions rights, TimeSpan life, DateTimeOffset now, string rightsClaim, string issuer, string audience);
