namespace Broker.Node.Configuration;

/// <summary>What a key of <c>broker.auth.keys</c> must be.</summary>
internal static class AuthKeyRules
{
    public static readonly IReadOnlyList<string> Algorithms = ["HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "ES256", "ES384", "ES512"];

    /// <summary>Samples people forget to replace: well-known ones, and every one our own files show.</summary>
    private static readonly string[] Defaults =
    [
        "secret", "password", "changeme", "change-me", "changeit", "replaceme", "replace-me", "default", "admin", "test", "broker",
        "your-secret", "yoursecret", "your-256-bit-secret", "your-384-bit-secret", "your-512-bit-secret",
        "a-string-secret-at-least-256-bits-long", "a-valid-string-secret-that-is-at-least-512-bits-long-which-is-very-long",
    ];

    private static readonly string[] Telltales = ["changeme", "change-me", "change_me", "change-this", "replace-me", "replaceme", "your-secret", "your_secret"];

    /// <summary>Why a secret is one that anybody could guess; null when it is not known to be.</summary>
    public static string? Guessable(string secret)
    {
        var text = secret.Trim().ToLowerInvariant();
        if (Telltales.Any(word => text.Contains(word, StringComparison.Ordinal)))
        {
            return "a default secret is refused";
        }

        return Array.Exists(Defaults, word => IsRepetition(text, word)) || (text.Length > 0 && IsRepetition(text, text[..1]))
            ? "a default secret is refused"
            : null;
    }

    /// <summary>Least bytes of an HS secret (RFC 7518 section 3.2: a key of the size of the hash or larger MUST be used).</summary>
    public static int LeastBytes(string algorithm) => algorithm switch
    {
        "HS384" => 48,
        "HS512" => 64,
        _ => 32,
    };

    public static bool IsShared(string algorithm) => algorithm.StartsWith("HS", StringComparison.Ordinal);

    /// <summary>Whether a text is a word written over and over, with or without a separator, to reach a length.</summary>
    private static bool IsRepetition(string text, string word)
    {
        var rest = text.AsSpan();
        while (rest.StartsWith(word, StringComparison.Ordinal))
        {
            rest = rest[word.Length..].TrimStart("-_ .");
        }

        return text.Length > 0 && (rest.IsEmpty || (rest.Length < word.Length && word.AsSpan().StartsWith(rest, StringComparison.Ordinal) && text.Length > word.Length));
    }
}
