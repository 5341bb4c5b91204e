namespace Broker.Node.Diagnostics;

/// <summary>Why a connection that was let in does not become a WebSocket.</summary>
internal enum HandshakeRefusal
{
    /// <summary>Not finished within <c>broker.limits.handshake-timeout</c> (408).</summary>
    Timeout,

    /// <summary>A trusted proxy sent no valid PROXY header.</summary>
    Proxy,

    /// <summary>The TLS handshake failed.</summary>
    Tls,

    /// <summary>No HTTP request (400, 505).</summary>
    Malformed,

    /// <summary>Request line or headers over their limit (414, 431).</summary>
    TooLarge,

    /// <summary>No valid upgrade, or extended CONNECT (400, 405, 426, 501).</summary>
    Upgrade,

    /// <summary>The node does not serve clients now (503).</summary>
    NotReady,

    /// <summary>Origin not allowed, where <c>broker.origins.refuse = status</c> (403).</summary>
    Origin,

    /// <summary>The token in the header is not accepted, or there are two different ones (400, 401).</summary>
    Token,

    /// <summary>A bad token, after too many of its address (429).</summary>
    Throttled,

    /// <summary>The keys that tokens are checked with cannot be had (503).</summary>
    Keys,

    /// <summary>The application could not say who its user is, or not in time (500, 503).</summary>
    Application,
}
