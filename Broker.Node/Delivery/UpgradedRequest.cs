using System.Net;
using Broker.Node.Auth;
using Broker.Protocol.Deflate;
using Broker.Protocol.Wire;

namespace Broker.Node.Delivery;

/// <summary>What the connection keeps of its upgrade request.</summary>
/// <param name="Format">Wire format of the chosen subprotocol.</param>
/// <param name="Remote">The client's address.</param>
/// <param name="Identity">Who the request's token says it is, or the anonymous one; null: the first message must be <c>auth</c>.</param>
internal sealed record UpgradedRequest(WireFormat Format, IPAddress Remote, Identity? Identity)
{
    /// <summary>What was wrong with the token where a browser sent it: told by message, then closed.</summary>
    public ErrorCode TokenError { get; init; }

    /// <summary>For the log: what is wrong with that token.</summary>
    public string TokenWhy { get; init; } = "";

    /// <summary>What was negotiated of permessage-deflate; null: nothing.</summary>
    public DeflateParameters? Compression { get; init; }

    /// <summary>How long pushes are gathered into arrays; zero: not at all.</summary>
    public TimeSpan BatchWindow { get; init; }

    /// <summary>Whether it is sent compressed messages: arrays are made of messages that are not.</summary>
    public bool Deflate => Compression is not null && BatchWindow == TimeSpan.Zero;

    /// <summary>What the client is to call its session, of a transport that has requests of their own for what it sends; null: it has none.</summary>
    public string? Session { get; init; }

    /// <summary>For the echo endpoint: none of the broker's protocol, and no actor.</summary>
    public bool Echo { get; init; }

    /// <summary>The origin is not allowed and is to read so in the close frame.</summary>
    public bool OriginRefused { get; init; }
}
