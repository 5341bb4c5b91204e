using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Broker.Node.Configuration;
using Broker.Node.Topics;
using Broker.Protocol.Wire;

namespace Broker.Node.Connections;

/// <summary>Checks JSON Web Tokens against the configured keys and claims.</summary>
/// <remarks>
/// Thread-safe and without I/O. Nothing of the payload is parsed before the signature is good, and nothing of the header
/// chooses more than one among the configured keys.
/// </remarks>
internal sealed class JwtValidator : ITokenValidator, IDisposable
{
    private readonly KeyRing _keys;
    private readonly JwtClaimRules _rules;
    private readonly RightsTemplate _defaultRights;

    internal JwtValidator(AuthOptions options, KeyRing keys, RightsTemplate defaultRights, TimeProvider time)
    {
        _keys = keys;
        _rules = new JwtClaimRules(options, time);
        _defaultRights = defaultRights;
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

    public AuthResult Validate(string token)
    {
        var error = Check(token, out var payload, out var claims);
        using (payload)
        {
            if (error is not (ErrorCode.None or ErrorCode.TokenExpired))
            {
                return new AuthResult(null, error);
            }

            var rights = _defaultRights.For(claims.User);
            var info = ReadOnlyMemory<byte>.Empty;
            if (claims.Rights is { } claim
                && !(RightsClaim.TryRead(claim, out var rules, out info) && Rights.TryCreate(rules, out rights, out _)))
            {
                return new AuthResult(null, ErrorCode.InvalidToken);
            }

            return error == ErrorCode.None
                ? new AuthResult(new Identity(claims.User, rights, claims.Expires, info), ErrorCode.None)
                : new AuthResult(null, error);
        }
    }

    public GrantResult ValidateGrant(string token, string user)
    {
        var error = Check(token, out var payload, out var claims);
        using (payload)
        {
            if (error is not (ErrorCode.None or ErrorCode.TokenExpired))
            {
                return new GrantResult(null, default, error);
            }

            if (claims.User != user
                || claims.Rights is not { } claim
                || !RightsClaim.TryReadGrant(claim, out var text)
                || !TopicPattern.TryParse(text, out var pattern))
            {
                return new GrantResult(null, default, ErrorCode.InvalidToken);
            }

            return error == ErrorCode.None
                ? new GrantResult(pattern, claims.Expires, ErrorCode.None)
                : new GrantResult(null, default, error);
        }
    }

    public void Dispose() => _keys.Dispose();

    private ErrorCode Check(string token, out JsonDocument? payload, out JwtClaims claims)
    {
        payload = null;
        claims = default;
        if (!JwtParts.TryParse(token, out var parts))
        {
            return ErrorCode.InvalidToken;
        }

        return _keys.Verify(parts) switch
        {
            SignatureCheck.KeysMissing => ErrorCode.Unavailable,
            SignatureCheck.Good when StrictJson.TryParseObject(parts.Payload, out payload) => _rules.Check(payload.RootElement, out claims),
            _ => ErrorCode.InvalidToken,
        };
    }
}
