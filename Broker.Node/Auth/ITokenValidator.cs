namespace Broker.Node.Auth;

/// <summary>Checks tokens. Synchronous, thread-safe, without I/O; no token makes it throw.</summary>
internal interface ITokenValidator
{
    AuthResult Validate(string token);

    /// <summary>Checks the token of a <c>subscribe</c>: it must name the same subject and grant one topic or pattern and nothing else.</summary>
    /// <remarks><paramref name="user"/>: The connection's user.</remarks>
    GrantResult ValidateGrant(string token, string user);
}
