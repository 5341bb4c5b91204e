using System.Buffers.Text;
using System.Text;
using System.Text.Json.Nodes;
using Broker.Node.Configuration;
using Broker.Node.Configuration.Options;

namespace Broker.Node.Auth;

/// <summary>Makes tokens with a shared secret, for the <c>token</c> command and for tests.</summary>
internal static class TokenMinter
{
    /// <remarks>
    /// <paramref name="user"/>: The subject: 1-255 bytes without control characters.<br/>
    /// <paramref name="rights"/>: Written under <paramref name="rightsClaim"/>; null: no such claim, so that the default rights apply.<br/>
    /// <paramref name="life"/>: From <paramref name="now"/> to <c>exp</c>; whole seconds.<br/>
    /// <paramref name="issuer"/>: Empty: none.<br/>
    /// <paramref name="audience"/>: Empty: none.
    /// </remarks>
    /// <exception cref="ArgumentException">The key is not an HS key with a long enough secret, the subject is not one, a pattern is not one, or the token would be longer than any node reads.</exception>
    public static string Mint(
        AuthKeyOptions key,
        string? user,
        RightsOptions? rights,
        TimeSpan life,
        DateTimeOffset now,
        string rightsClaim,
        string issuer,
        string audience)
    {
        if (!JwtAlgorithm.TryParse(key.Algorithm, out var algorithm) || !algorithm.IsSymmetric)
        {
            throw new ArgumentException("tokens can be made with an HS key only: the private half of an RS or ES key is not here", nameof(key));
        }

        if (!HmacKey.TryCreate(key.Id, algorithm, key.Secret, out var secret, out var error))
        {
            throw new ArgumentException(error, nameof(key));
        }

        if (string.IsNullOrEmpty(user) || user.Any(char.IsControl) || Encoding.UTF8.GetByteCount(user) > JwtClaimRules.MaxSubject)
        {
            throw new ArgumentException("a token needs a user of 1-255 bytes without control characters", nameof(user));
        }

        if (rights is not null && !Rights.TryCreate(rights, out _, out var wrong))
        {
            throw new ArgumentException(wrong);
        }

        var header = new JsonObject { ["alg"] = algorithm.Name, ["typ"] = "JWT" };
        AddText(header, "kid", key.Id);
        var payload = new JsonObject { ["sub"] = user };
        AddText(payload, "iss", issuer);
        AddText(payload, "aud", audience);
        payload["iat"] = now.ToUnixTimeSeconds();
        payload["exp"] = now.ToUnixTimeSeconds() + (long)life.TotalSeconds;
        if (rights is not null)
        {
            payload[rightsClaim] = RightsClaim.Write(rights);
        }

        var input = $"{Encode(header)}.{Encode(payload)}";
        var token = $"{input}.{Base64Url.EncodeToString(secret.Sign(Encoding.ASCII.GetBytes(input)))}";
        return token.Length <= JwtParts.MaxLength ? token : throw new ArgumentException($"the token would have {token.Length} characters; no node reads more than {JwtParts.MaxLength}");
    }

    private static void AddText(JsonObject json, string name, string text)
    {
        if (text.Length > 0)
        {
            json[name] = text;
        }
    }

    private static string Encode(JsonObject json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json.ToJsonString()));
}
