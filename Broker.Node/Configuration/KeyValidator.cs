using System.Text;
using Broker.Node.Configuration.Hocon;
using Broker.Node.Configuration.Options;

namespace Broker.Node.Configuration;

/// <summary>Rules for <c>broker.auth.keys</c>: nobody starts with a key anybody could guess.</summary>
internal static class KeyValidator
{
    /// <summary>Samples people forget to replace: well-known ones, and every one our own files show.</summary>
    private static readonly string[] Defaults =
    [
        "secret", "password", "changeme", "change-me", "changeit", "replaceme", "replace-me", "default", "admin", "test", "broker",
        "your-secret", "yoursecret", "your-256-bit-secret", "your-384-bit-secret", "your-512-bit-secret",
        "a-string-secret-at-least-256-bits-long", "a-valid-string-secret-that-is-at-least-512-bits-long-which-is-very-long",
    ];

    private static readonly string[] Telltales = ["changeme", "change-me", "change_me", "change-this", "replace-me", "replaceme", "your-secret", "your_secret"];

    public static void Validate(BrokerOptions options, HoconObject tree, ConfigurationErrors errors)
    {
        var nodes = (tree.Find("broker", "auth", "keys") as HoconArray)?.Items;
        for (var i = 0; i < options.Auth.Keys.Count; i++)
        {
            Validate(options.Auth.Keys[i], nodes?[i] as HoconObject, $"broker.auth.keys[{i}]", errors);
        }

        var repeated = options.Auth.Keys.Where(key => key.Jwks.Length == 0).GroupBy(key => (key.Id, key.Algorithm)).FirstOrDefault(group => group.Count() > 1);
        if (repeated is not null && repeated.Key.Id.Length > 0)
        {
            errors.Add(tree.Find("broker", "auth", "keys"), "broker.auth.keys", $"two keys have the id {repeated.Key.Id} and the algorithm {repeated.Key.Algorithm}");
        }
    }

    private static void Validate(AuthKeyOptions key, HoconObject? node, string path, ConfigurationErrors errors)
    {
        if ((key.Secret.Length == 0 && IsSet(node, "secret-file")) || (key.PublicKey.Length == 0 && IsSet(node, "public-key-file")))
        {
            // The file could not be taken, and that was said.
            return;
        }

        if (!JwtAlgorithm.TryParse(key.Algorithm, out var algorithm))
        {
            errors.Add(node, $"{path}.algorithm", $"missing; one of {JwtAlgorithm.Names}");
            return;
        }

        if (key.Jwks.Length > 0)
        {
            ValidateJwks(key, algorithm, node, path, errors);
        }
        else if (!algorithm.IsSymmetric)
        {
            if (key.PublicKey.Length == 0 || key.Secret.Length > 0)
            {
                errors.Add(node, path, $"{algorithm} takes public-key or public-key-file (PEM), or jwks, and no secret");
            }
        }
        else if (key.PublicKey.Length > 0)
        {
            errors.Add(node, path, $"{algorithm} takes secret or secret-file, and no public-key");
        }
        else if (key.Secret.Length == 0)
        {
            errors.Add(node, $"{path}.secret", $"no secret: set secret-file (a file of at least {algorithm.SignatureBytes} random bytes as text) or secret");
        }
        else
        {
            ValidateSecret(key, algorithm, node, path, errors);
        }
    }

    private static bool IsSet(HoconObject? node, string key) => node?[key] is HoconScalar { Text.Length: > 0 };

    private static void ValidateSecret(AuthKeyOptions key, JwtAlgorithm algorithm, HoconObject? node, string path, ConfigurationErrors errors)
    {
        var at = node?["secret"] ?? node?["secret-file"] ?? node;
        var bytes = Encoding.UTF8.GetByteCount(key.Secret);
        if (IsGuessable(key.Secret))
        {
            errors.Add(at, $"{path}.secret", "a default secret is refused; make one with: openssl rand -base64 48");
        }
        else if (bytes < algorithm.SignatureBytes)
        {
            errors.Add(at, $"{path}.secret", $"{bytes} bytes; {algorithm} needs at least {algorithm.SignatureBytes}; make one with: openssl rand -base64 48");
        }
    }

    private static void ValidateJwks(AuthKeyOptions key, JwtAlgorithm algorithm, HoconObject? node, string path, ConfigurationErrors errors)
    {
        if (key.Id.Length > 0 || key.Secret.Length > 0 || key.PublicKey.Length > 0)
        {
            errors.Add(node, path, "jwks stands alone: no id, secret or public-key beside it");
        }

        if (key.Jwks.Contains("://", StringComparison.Ordinal) && !(Uri.TryCreate(key.Jwks, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps))
        {
            errors.Add(node?["jwks"], $"{path}.jwks", "a file or an https URL");
        }

        if (algorithm.IsSymmetric)
        {
            errors.Add(node?["algorithm"], $"{path}.algorithm", "a JWKS holds public keys: RS or ES");
        }
    }

    private static bool IsGuessable(string secret)
    {
        var text = secret.Trim().ToLowerInvariant();
        return Telltales.Any(word => text.Contains(word, StringComparison.Ordinal))
            || Defaults.Any(word => IsRepetition(text, word))
            || (text.Length > 0 && IsRepetition(text, text[..1]));
    }

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
