using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using Broker.Node.Configuration;
using Broker.Protocol.Wire;

namespace Broker.Node.Connections;

/// <summary>What the registered claims (RFC 7519 section 4.1) must say. Immutable and thread-safe.</summary>
internal sealed class JwtClaimRules(AuthOptions options, TimeProvider time)
{
    /// <summary>Longest subject, in bytes of UTF-8.</summary>
    public const int MaxSubject = 255;

    /// <summary>9999-12-31T23:59:59Z, the last second a date can name.</summary>
    private const double MaxDate = 253402300799;

    private const double MaxSkew = 30;

    private readonly double _skew = Math.Clamp(options.Skew.TotalSeconds, 0, MaxSkew);

    /// <returns><see cref="ErrorCode.TokenExpired"/> only where everything else is in order.</returns>
    public ErrorCode Check(JsonElement payload, out JwtClaims claims)
    {
        claims = default;
        var now = (time.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalSeconds;
        if (!TryReadDate(payload, "exp", out var expires)
            || !TryReadDate(payload, "nbf", out var notBefore)
            || !TryReadDate(payload, "iat", out var issued)
            || expires is not { } end
            || notBefore > now + _skew
            || issued > now + _skew
            || LivesTooLong(end, issued, now)
            || !IsIssuer(payload)
            || !IsAudience(payload)
            || !TryReadSubject(payload, out var user))
        {
            return ErrorCode.InvalidToken;
        }

        JsonElement? rights = payload.TryGetProperty(options.RightsClaim, out var claim) ? claim : null;
        claims = new JwtClaims(user, DateTimeOffset.UnixEpoch.AddSeconds(end), rights);

        // RFC 7519 section 4.1.4: on or after the time it MUST NOT be accepted.
        return now >= end + _skew ? ErrorCode.TokenExpired : ErrorCode.None;
    }

    /// <summary>A NumericDate (RFC 7519 section 2) from 1970 to 9999; false where the claim is anything else. Null: absent.</summary>
    private static bool TryReadDate(JsonElement payload, string name, out double? seconds)
    {
        seconds = null;
        if (!payload.TryGetProperty(name, out var claim))
        {
            return true;
        }

        if (claim.ValueKind != JsonValueKind.Number || !claim.TryGetDouble(out var value) || !(value is >= 0 and <= MaxDate))
        {
            return false;
        }

        seconds = value;
        return true;
    }

    private static bool TryReadSubject(JsonElement payload, [NotNullWhen(true)] out string? user)
    {
        user = payload.TryGetProperty("sub", out var claim) && claim.ValueKind == JsonValueKind.String ? claim.GetString() : null;
        if (user is null || user.Any(char.IsControl) || Encoding.UTF8.GetByteCount(user) is 0 or > MaxSubject)
        {
            user = null;
        }

        return user is not null;
    }

    // Without iat the issuer's clock may be ahead of ours by the skew; with it, one clock wrote both.
    private bool LivesTooLong(double expires, double? issued, double now) =>
        expires - (issued ?? now + _skew) > options.MaxLife.TotalSeconds;

    private bool IsIssuer(JsonElement payload) =>
        options.Issuer.Length == 0
        || (payload.TryGetProperty("iss", out var claim) && IsText(claim, options.Issuer));

    private bool IsAudience(JsonElement payload) =>
        options.Audience.Length == 0
        || (payload.TryGetProperty("aud", out var claim)
            && (claim.ValueKind == JsonValueKind.Array
                ? claim.EnumerateArray().All(static entry => entry.ValueKind == JsonValueKind.String)
                    && claim.EnumerateArray().Any(entry => IsText(entry, options.Audience))
                : IsText(claim, options.Audience)));

    private static bool IsText(JsonElement claim, string expected) =>
        claim.ValueKind == JsonValueKind.String && claim.ValueEquals(expected);
}
