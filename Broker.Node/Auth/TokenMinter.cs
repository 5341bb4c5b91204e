using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;
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
    /// <exception cref="ArgumentException">The key is not an HS key with a long enough secret, or the subject is not one.</exception>
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

        var header = Encode(json => WriteHeader(json, key));
        var payload = Encode(json => WritePayload(json, user, rights, life, now, rightsClaim, issuer, audience));
        var input = $"{header}.{payload}";
        return $"{input}.{Base64Url.EncodeToString(secret.Sign(Encoding.ASCII.GetBytes(input)))}";
    }

    private static void WriteHeader(Utf8JsonWriter json, AuthKeyOptions key)
    {
        json.WriteString("alg", key.Algorithm);
        json.WriteString("typ", "JWT");
        if (key.Id.Length > 0)
        {
            json.WriteString("kid", key.Id);
        }
    }

    private static void WritePayload(
        Utf8JsonWriter json, string user, RightsOptions? rights, TimeSpan life, DateTimeOffset now, string rightsClaim, string issuer, string audience)
    {
        json.WriteString("sub", user);
        if (issuer.Length > 0)
        {
            json.WriteString("iss", issuer);
        }

        if (audience.Length > 0)
        {
            json.WriteString("aud", audience);
        }

        json.WriteNumber("iat", now.ToUnixTimeSeconds());
        json.WriteNumber("exp", now.ToUnixTimeSeconds() + (long)life.TotalSeconds);
        if (rights is not null)
        {
            json.WriteStartObject(rightsClaim);
            WriteRights(json, rights);
            json.WriteEndObject();
        }
    }

    private static void WriteRights(Utf8JsonWriter json, RightsOptions rights)
    {
        WriteList(json, "subscribe", rights.Subscribe);
        WriteList(json, "publish", rights.Publish);
        WriteList(json, "history", rights.History);
        WriteList(json, "presence", rights.Presence);
        if (rights.Rooms.Create.Count + rights.Rooms.Join.Count > 0)
        {
            json.WriteStartObject("rooms");
            WriteList(json, "create", rights.Rooms.Create);
            WriteList(json, "join", rights.Rooms.Join);
            json.WriteEndObject();
        }

        if (rights.Deny is { } deny)
        {
            json.WriteStartObject("deny");
            WriteRights(json, deny);
            json.WriteEndObject();
        }
    }

    private static void WriteList(Utf8JsonWriter json, string name, IReadOnlyList<string> patterns)
    {
        if (patterns.Count == 0)
        {
            return;
        }

        json.WriteStartArray(name);
        foreach (var pattern in patterns)
        {
            json.WriteStringValue(pattern);
        }

        json.WriteEndArray();
    }

    private static string Encode(Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }

        return Base64Url.EncodeToString(buffer.WrittenSpan);
    }
}
