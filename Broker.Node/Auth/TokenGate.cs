using System.Net;
using Broker.Node.Diagnostics;
using Broker.Protocol.Wire;

namespace Broker.Node.Auth;

/// <summary>
/// Where the tokens of clients are read and refused ones are counted. From an address that guesses a good token is good; a bad one is
/// throttled, and so is one whose signature costs more than the address may cause. Thread-safe.
/// </summary>
/// <param name="tokens">Reads them.</param>
/// <param name="guesses">Of all addresses.</param>
/// <param name="anonymousRights">Of a connection that brings none.</param>
/// <param name="metrics">Counts what is refused.</param>
internal sealed class TokenGate(JwtValidator tokens, TokenGuesses guesses, Rights anonymousRights, BrokerMetrics metrics) : IDisposable
{
    private const string Suspect = "too many bad tokens of its address";

    public Rights AnonymousRights => anonymousRights;

    /// <summary>What the application has said about users since their tokens were signed.</summary>
    public RightsTable Changes { get; } = new();

    /// <summary>Reads the token of a client.</summary>
    public AuthResult Validate(string token, IPAddress remote)
    {
        var mayVerify = Suspicion(remote);
        var result = tokens.Validate(token, mayVerify);
        return Note(result.Error, remote, mayVerify is not null) ? result with { IsThrottled = true, Why = $"{Suspect}: {result.Why}" } : result;
    }

    /// <summary>Reads a token that grants a user one topic or pattern; without a user it is invalid.</summary>
    public GrantResult ValidateGrant(string token, string? user, IPAddress remote)
    {
        var mayVerify = Suspicion(remote);
        var result = user is null ? new GrantResult(null, default, ErrorCode.InvalidToken, "the connection has no user") : tokens.ValidateGrant(token, user, mayVerify);
        return Note(result.Error, remote, mayVerify is not null) ? result with { Why = $"{Suspect}: {result.Why}" } : result;
    }

    /// <summary>A token that was good is refused for what it says.</summary>
    public void Refuse() => metrics.TokenRefused(TokenRefusal.Invalid);

    public void Dispose() => tokens.Dispose();

    /// <summary>Whether a signature may still be verified for an address that guesses; null for any other.</summary>
    private Func<bool>? Suspicion(IPAddress remote) => guesses.IsSuspect(remote) ? () => guesses.TryVerify(remote) : null;

    /// <returns>True: the token is throttled.</returns>
    private bool Note(ErrorCode error, IPAddress remote, bool isSuspect)
    {
        if (error == ErrorCode.InvalidToken && isSuspect)
        {
            metrics.TokenRefused(TokenRefusal.Throttled);
            return true;
        }

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

        return false;
    }
}
