using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Broker.Node.Configuration.Options;
using Broker.Node.Diagnostics;
using Broker.Node.Topics;
using Broker.Protocol.Wire;

namespace Broker.Node.Auth;

/// <summary>Checks JSON Web Tokens against the configured keys and claims.</summary>
/// <remarks>
/// Thread-safe and without I/O; no token makes it throw. Nothing of the payload is parsed before the signature is good, and nothing of the header
/// chooses more than one among the configured keys.
/// </remarks>
internal sealed class JwtValidator : IDisposable
{
    private readonly KeyRing _keys;
    private readonly JwtClaimRules _rules;
    private readonly RightsTemplate _defaultRights;
    private readonly string _rightsClaim;

    internal JwtValidator(AuthOptions options, KeyRing keys, RightsTemplate defaultRights, TimeProvider time)
    {
        _keys = keys;
        _rules = new JwtClaimRules(options, time);
        _defaultRights = defaultRights;
        _rightsClaim = options.RightsClaim;
    }

    /// <remarks><paramref name="error"/>: What is wrong below <c>broker.</c>, without any secret; null on success.</remarks>
    public static bool TryCreate(
        AuthOptions options,
        TimeProvider time,
        ILogger logger,
        [NotNullWhen(true)] out JwtValidator? validator,
        [NotNullWhen(false)] out string? error)
    {
        validator = null;
        if (!RightsTemplate.TryCreate(options.DefaultRights, out var rights, out error))
        {
            error = "auth.default-rights." + error;
            return false;
        }

        if (!KeyRing.TryCreate(options.Keys, time, logger, out var keys, out error))
        {
            return false;
        }

        validator = new JwtValidator(options, keys, rights, time);
        return true;
    }

    /// <param name="token">Anything.</param>
    /// <param name="mayVerify">Asked before each verification with a public key; what it forbids is invalid. Null: all are allowed.</param>
    public AuthResult Validate(string token, Func<bool>? mayVerify = null)
    {
        var error = Check(token, mayVerify, out var payload, out var claims, out var why);
        using (payload)
        {
            if (error is not (ErrorCode.None or ErrorCode.TokenExpired))
            {
                return new AuthResult(null, error, why);
            }

            var rights = _defaultRights.For(claims.User);
            var info = ReadOnlyMemory<byte>.Empty;
            if (claims.Rights is { } claim
                && !(RightsClaim.TryRead(claim, out var rules, out info, out var wrong) && Rights.TryCreate(rules, out rights, out wrong)))
            {
                return new AuthResult(null, ErrorCode.InvalidToken, WrongRights(wrong));
            }

            return error == ErrorCode.None
                ? new AuthResult(new Identity(claims.User, rights, claims.Expires, info) { Issued = claims.Issued, Decided = claims.Issued }, ErrorCode.None)
                : new AuthResult(null, error, why);
        }
    }

    /// <summary>Checks the token of a <c>subscribe</c>: it must name the same subject and grant one topic or pattern and nothing else.</summary>
    /// <param name="token">Anything.</param>
    /// <param name="user">The connection's.</param>
    /// <param name="mayVerify">As in <see cref="Validate"/>.</param>
    public GrantResult ValidateGrant(string token, string user, Func<bool>? mayVerify = null)
    {
        var error = Check(token, mayVerify, out var payload, out var claims, out var why);
        using (payload)
        {
            TopicPattern? pattern = null;
            if (error is ErrorCode.None or ErrorCode.TokenExpired)
            {
                var wrong = claims.User != user ? "its sub is another than this connection's"
                    : claims.Rights is not { } claim ? $"it has no claim {_rightsClaim}"
                    : RightsClaim.TryReadGrant(claim, out pattern, out var form) ? ""
                    : WrongRights(form);
                (error, why) = wrong.Length > 0 ? (ErrorCode.InvalidToken, wrong) : (error, why);
            }

            return error == ErrorCode.None
                ? new GrantResult(pattern, claims.Expires, ErrorCode.None) { Issued = claims.Issued }
                : new GrantResult(null, default, error, why);
        }
    }

    public void Dispose() => _keys.Dispose();

    private string WrongRights(string? wrong) => $"its claim {_rightsClaim}: {PrintableWriter.Escape(wrong ?? "")}";

    private ErrorCode Check(string token, Func<bool>? mayVerify, out JsonDocument? payload, out JwtClaims claims, out string why)
    {
        payload = null;
        claims = default;
        if (!JwtParts.TryParse(token, out var parts, out why))
        {
            return ErrorCode.InvalidToken;
        }

        switch (_keys.Verify(parts, mayVerify))
        {
            case SignatureCheck.NotVerified:
                why = "its signature is not verified";
                return ErrorCode.InvalidToken;
            case SignatureCheck.KeysMissing:
                why = "the key set is not known yet";
                return ErrorCode.Unavailable;
            case SignatureCheck.Good when StrictJson.TryParseObject(parts.Payload, out payload):
                return _rules.Check(payload.RootElement, out claims, out why);
            case SignatureCheck.Good:
                why = $"its payload is no JSON object as this node reads them: no member twice, at most {StrictJson.MaxDepth} levels";
                return ErrorCode.InvalidToken;
            default:
                why = _keys.Explain(parts);
                return ErrorCode.InvalidToken;
        }
    }
}

/// <summary>The outcome of checking a token.</summary>
/// <param name="Identity">Set exactly when <paramref name="Error"/> is <see cref="ErrorCode.None"/>.</param>
/// <param name="Error">
/// <see cref="ErrorCode.TokenExpired"/> for a token good in everything else, <see cref="ErrorCode.Unavailable"/> while the
/// keys that would decide have never been loaded, otherwise <see cref="ErrorCode.InvalidToken"/>.
/// </param>
/// <param name="Why">
/// For the log: what is wrong with it, in printable ASCII; "" where nothing is. Of what it says there is nothing but a key id, and of
/// a token whose signature is good the wrong part of its rights.
/// </param>
internal readonly record struct AuthResult(Identity? Identity, ErrorCode Error, string Why = "")
{
    /// <summary>Invalid, and from an address that guesses.</summary>
    public bool IsThrottled { get; init; }
}

/// <summary>The outcome of checking a <c>subscribe.token</c>.</summary>
/// <param name="Pattern">The one topic or pattern it grants; set exactly when <paramref name="Error"/> is <see cref="ErrorCode.None"/>.</param>
/// <param name="Expires">The token's <c>exp</c>, without skew.</param>
/// <param name="Error">As in <see cref="AuthResult"/>.</param>
/// <param name="Why">As in <see cref="AuthResult"/>.</param>
internal readonly record struct GrantResult(TopicPattern? Pattern, DateTimeOffset Expires, ErrorCode Error, string Why = "")
{
    /// <summary>The token's <c>iat</c>; the beginning of time where there is none.</summary>
    public DateTimeOffset Issued { get; init; }
}
