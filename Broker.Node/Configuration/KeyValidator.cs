using System.Text;
using Broker.Node.Configuration.Hocon;
using Broker.Node.Configuration.Options;

namespace Broker.Node.Configuration;

/// <summary>Rules for <c>broker.auth.keys</c>: nobody starts with a key anybody could guess.</summary>
internal static class KeyValidator
{
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

        if (key.Algorithm.Length == 0)
        {
            errors.Add(node, $"{path}.algorithm", $"missing; one of {string.Join(", ", AuthKeyRules.Algorithms)}");
            return;
        }

        if (key.Jwks.Length > 0)
        {
            ValidateJwks(key, node, path, errors);
        }
        else if (!AuthKeyRules.IsShared(key.Algorithm))
        {
            if (key.PublicKey.Length == 0 || key.Secret.Length > 0)
            {
                errors.Add(node, path, $"{key.Algorithm} takes public-key or public-key-file (PEM), or jwks, and no secret");
            }
        }
        else if (key.PublicKey.Length > 0)
        {
            errors.Add(node, path, $"{key.Algorithm} takes secret or secret-file, and no public-key");
        }
        else if (key.Secret.Length == 0)
        {
            errors.Add(node, $"{path}.secret", $"no secret: set secret-file (a file of at least {AuthKeyRules.LeastBytes(key.Algorithm)} random bytes as text) or secret");
        }
        else
        {
            ValidateSecret(key, node, path, errors);
        }
    }

    private static bool IsSet(HoconObject? node, string key) => node?[key] is HoconScalar { Text.Length: > 0 };

    private static void ValidateSecret(AuthKeyOptions key, HoconObject? node, string path, ConfigurationErrors errors)
    {
        var at = node?["secret"] ?? node?["secret-file"] ?? node;
        var bytes = Encoding.UTF8.GetByteCount(key.Secret);
        if (AuthKeyRules.Guessable(key.Secret) is { } why)
        {
            errors.Add(at, $"{path}.secret", $"{why}; make one with: openssl rand -base64 48");
        }
        else if (bytes < AuthKeyRules.LeastBytes(key.Algorithm))
        {
            errors.Add(at, $"{path}.secret", $"{bytes} bytes; {key.Algorithm} needs at least {AuthKeyRules.LeastBytes(key.Algorithm)}; make one with: openssl rand -base64 48");
        }
    }

    private static void ValidateJwks(AuthKeyOptions key, HoconObject? node, string path, ConfigurationErrors errors)
    {
        if (key.Id.Length > 0 || key.Secret.Length > 0 || key.PublicKey.Length > 0)
        {
            errors.Add(node, path, "jwks stands alone: no id, secret or public-key beside it");
        }

        if (key.Jwks.Contains("://", StringComparison.Ordinal) && !(Uri.TryCreate(key.Jwks, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps))
        {
            errors.Add(node?["jwks"], $"{path}.jwks", "a file or an https URL");
        }

        if (AuthKeyRules.IsShared(key.Algorithm))
        {
            errors.Add(node?["algorithm"], $"{path}.algorithm", "a JWKS holds public keys: RS or ES");
        }
    }
}
