using System.Globalization;
using System.Text;
using System.Text.Json;
using Broker.Node.Configuration.Options;
using Broker.Protocol.Wire;

namespace Broker.Node.Auth;

/// <summary>What the registered claims (RFC 7519 section 4.1) must say. Immutable and thread-safe.</summary>
internal sealed class JwtClaimRules(AuthOptions options, TimeProvider time)
{
    /// <summary>Longest subject, in bytes of UTF-8.</summary>
    public const int MaxSubject = 255;

    /// <summary>9999-12-31T23:59:59Z, the last second a date can name.</summary>
    private const double MaxDate = 253402300799;

    private const double MaxSkew = 30;

    private const string NoDate = "no number of seconds from 1970 to 9999 (milliseconds?)";

    private readonly double _skew = Math.Clamp(options.Skew.TotalSeconds, 0, MaxSkew);

    /// <param name="payload">Of a token whose signature is good.</param>
    /// <param name="claims">What it says, where that is in order but for the time.</param>
    /// <param name="why">For the log of whoever signs: what is wrong, and nothing of the token; "" where nothing is.</param>
    /// <returns><see cref="ErrorCode.TokenExpired"/> only where everything else is in order.</returns>
    public ErrorCode Check(JsonElement payload, out JwtClaims claims, out string why)
    {
        claims = default;
        var now = (time.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalSeconds;
        var user = "";
        double? expires = null, notBefore = null, issued = null;
        why = !TryReadDate(payload, "exp", out expires) ? $"exp is {NoDate}"
            : expires is null ? "exp is missing"
            : !TryReadDate(payload, "nbf", out notBefore) ? $"nbf is {NoDate}"
            : !TryReadDate(payload, "iat", out issued) ? $"iat is {NoDate}"
            : notBefore > now + _skew ? "nbf lies ahead"
            : issued > now + _skew ? "iat lies ahead"
            : Life(expires.Value, issued, now) is var life && life > options.MaxLife.TotalSeconds
                ? $"it lives {Figure(life)} from {(issued is null ? "now, for want of iat" : "iat")}, and broker.auth.max-life is {Figure(options.MaxLife.TotalSeconds)}"
            : !IsIssuer(payload) ? "iss is not broker.auth.issuer"
            : !IsAudience(payload) ? "aud has not broker.auth.audience"
            : ReadSubject(payload, out user);
        if (why.Length > 0)
        {
            return ErrorCode.InvalidToken;
        }

        JsonElement? rights = payload.TryGetProperty(options.RightsClaim, out var claim) ? claim : null;
        claims = new JwtClaims(user, DateTimeOffset.UnixEpoch.AddSeconds(expires!.Value), rights)
        {
            Issued = issued is { } seconds ? DateTimeOffset.UnixEpoch.AddSeconds(seconds) : DateTimeOffset.MinValue,
        };

        // RFC 7519 section 4.1.4: on or after the time it MUST NOT be accepted.
        if (now < expires + _skew)
        {
            return ErrorCode.None;
        }

        why = string.Create(CultureInfo.InvariantCulture, $"exp was {now - expires:0} s ago by the clock of this node");
        return ErrorCode.TokenExpired;
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

    /// <returns>What is wrong with it; "" where nothing is.</returns>
    private static string ReadSubject(JsonElement payload, out string user)
    {
        user = "";
        if (!payload.TryGetProperty("sub", out var claim))
        {
            return "sub is missing";
        }

        if (claim.ValueKind != JsonValueKind.String)
        {
            return "sub is no text";
        }

        user = claim.GetString()!;
        return user.Length == 0 ? "sub is empty"
            : Encoding.UTF8.GetByteCount(user) > MaxSubject ? $"sub has more than {MaxSubject} bytes"
            : user.Any(char.IsControl) ? "sub has control characters"
            : "";
    }

    // Without iat the issuer's clock may be ahead of ours by the skew; with it, one clock wrote both.
    private double Life(double expires, double? issued, double now) => expires - (issued ?? now + _skew);

    private static string Figure(double seconds) => string.Create(CultureInfo.InvariantCulture, $"{seconds:0.###} s ({seconds / 3600:0.##} h)");

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

/// <summary>The claims of a token whose signature is good.</summary>
/// <remarks><paramref name="Rights"/>: The rights claim as it stands; null: absent. Lives as long as the payload's document.</remarks>
internal readonly record struct JwtClaims(string User, DateTimeOffset Expires, JsonElement? Rights)
{
    /// <summary>The beginning of time where <c>iat</c> is absent.</summary>
    public DateTimeOffset Issued { get; init; }
}
