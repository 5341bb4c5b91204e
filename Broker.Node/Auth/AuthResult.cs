using Broker.Protocol.Wire;

namespace Broker.Node.Auth;

/// <summary>The outcome of checking a token.</summary>
/// <param name="Identity">Set exactly when <paramref name="Error"/> is <see cref="ErrorCode.None"/>.</param>
/// <param name="Error">
/// <see cref="ErrorCode.TokenExpired"/> for a token good in everything else, <see cref="ErrorCode.Unavailable"/> while the
/// keys that would decide have never been loaded, otherwise <see cref="ErrorCode.InvalidToken"/>.
/// </param>
/// <param name="Why">For the log: what is wrong with it, and nothing of what it says; "" where nothing is.</param>
internal readonly record struct AuthResult(Identity? Identity, ErrorCode Error, string Why = "");
