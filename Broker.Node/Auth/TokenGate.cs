using System.Net;
using Broker.Node.Diagnostics;
using Broker.Protocol.Wire;

namespace Broker.Node.Auth;

/// <summary>Where the tokens of clients are read, refused ones are counted, and an address that guesses is not heard for a while. Thread-safe.</summary>
/// <param name="tokens">Reads them.</param>
/// <param name="guesses">Of all addresses.</param>
/// <param name="anonymousRights">Of a connection that brings none.</param>
/// <param name="metrics">Counts what is refused.</param>
internal sealed class TokenGate(JwtValidator tokens, TokenGuesses guesses, Rights anonymousRights, BrokerMetrics metrics) : IDisposable
{
    public Rights AnonymousRights => anonymousRights;

    /// <summary>Whether a token of this address is read; false is counted.</summary>
    public bool MayTry(IPAddress remote)
    {
        if (guesses.MayTry(remote))
        {
            return true;
        }

        metrics.TokenRefused(TokenRefusal.Throttled);
        return false;
    }

    /// <summary>Reads the token of a client that <see cref="MayTry">may try</see>.</summary>
    public AuthResult Validate(string token, IPAddress remote)
    {
        var result = tokens.Validate(token);
        Note(result.Error, remote);
        return result;
    }

    /// <summary>Reads a token that grants a user one topic or pattern; without a user it is invalid.</summary>
    public GrantResult ValidateGrant(string token, string? user, IPAddress remote)
    {
        var invalid = new GrantResult(null, default, ErrorCode.InvalidToken);
        if (!MayTry(remote))
        {
            return invalid;
        }

        var result = user is null ? invalid : tokens.ValidateGrant(token, user);
        Note(result.Error, remote);
        return result;
    }

    /// <summary>A token that was good is refused for what it says.</summary>
    public void Refuse() => metrics.TokenRefused(TokenRefusal.Invalid);

    public void Dispose() => tokens.Dispose();

    private void Note(ErrorCode error, IPAddress remote)
    {
        if (error == ErrorCode.InvalidToken)
        {
            // It may be a guess.
            guesses.Failed(remote);
            metrics.TokenRefused(TokenRefusal.Invalid);
        }
        else if (error == ErrorCode.TokenExpired)
        {
            metrics.TokenRefused(TokenRefusal.Expired);
        }
    }
}
