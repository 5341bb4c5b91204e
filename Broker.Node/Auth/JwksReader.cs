using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Broker.Node.Configuration;
using Microsoft.IdentityModel.Tokens;

namespace Broker.Node.Auth;

/// <summary>Takes from a JWK set (RFC 7517 section 5) the public keys that fit the pinned algorithm.</summary>
internal static class JwksReader
{
    /// <summary>Largest accepted set, in bytes.</summary>
    public const int MaxBytes = 64 * 1024;

    /// <summary>Keys of other kinds and for other algorithms are passed over; none left is an error.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> json, JwtAlgorithm algorithm, out ImmutableArray<JwtKey> keys, [NotNullWhen(false)] out string? error)
    {
        keys = [];
        if (json.Length > MaxBytes)
        {
            error = $"larger than {MaxBytes} bytes";
            return false;
        }

        if (!StrictJson.TryParseObject(json, out var document))
        {
            error = "not a JSON object";
            return false;
        }

        using (document)
        {
            if (!document.RootElement.TryGetProperty("keys", out var list) || list.ValueKind != JsonValueKind.Array)
            {
                error = "no array 'keys'";
                return false;
            }

            string? problem = null;
            keys = Read(list, algorithm, ref problem);
            error = keys.IsEmpty ? problem ?? $"no key for {algorithm}" : null;
            return error is null;
        }
    }

    private static ImmutableArray<JwtKey> Read(JsonElement list, JwtAlgorithm algorithm, ref string? problem)
    {
        var keys = ImmutableArray.CreateBuilder<JwtKey>();
        foreach (var element in list.EnumerateArray())
        {
            if (ReadKey(element, algorithm, ref problem) is { } key)
            {
                keys.Add(key);
            }
        }

        return keys.ToImmutable();
    }

    private static PublicJwtKey? ReadKey(JsonElement element, JwtAlgorithm algorithm, ref string? problem)
    {
        try
        {
            if (PublicJwtKey.TryCreate(algorithm, new JsonWebKey(element.GetRawText()), out var key, out var error))
            {
                return key;
            }

            problem ??= error;
        }
        catch (ArgumentException)
        {
            problem ??= "a key is not a JWK";
        }

        return null;
    }
}
