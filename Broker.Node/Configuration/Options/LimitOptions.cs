using Broker.Protocol.Http;

namespace Broker.Node.Configuration.Options;

/// <summary><c>broker.limits</c>. Sizes in bytes.</summary>
public sealed record LimitOptions
{
    public int RequestLine { get; init; } = 8 * 1024;
    public int HeaderBytes { get; init; } = 16 * 1024;
    public int HeaderCount { get; init; } = 64;
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Largest client message; the one message before authentication is bounded by <see cref="UnauthenticatedMessage"/>.</summary>
    public int Message { get; init; } = 64 * 1024;

    public int UnauthenticatedMessage { get; init; } = 16 * 1024;

    /// <summary>Largest message of the server API.</summary>
    public int ApiMessage { get; init; } = 1024 * 1024;

    public int Fragments { get; init; } = 1024;
    public TimeSpan MessageTime { get; init; } = TimeSpan.FromSeconds(30);
    public int Subscriptions { get; init; } = 128;

    /// <summary>Rooms in which a connection has a seat, or asks for one.</summary>
    public int Rooms { get; init; } = 16;

    /// <summary>Different patterns that connections of the node are subscribed to.</summary>
    public int Patterns { get; init; } = 1000;

    public int Connections { get; init; } = 100_000;
    public int ConnectionsPerAddress { get; init; } = 256;
    public int ConnectionsPerUser { get; init; } = 32;

    /// <summary>Streams of one HTTP/2 connection at the same time.</summary>
    public int Streams { get; init; } = 100;

    public int Handshakes { get; init; } = 1000;
    public int AcceptsPerSecond { get; init; } = 2000;

    /// <summary>Outbound bytes a connection may lag, beyond the entry being written.</summary>
    public int Lag { get; init; } = 1024 * 1024;

    public TimeSpan LagTime { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Inbound bytes of a connection not yet taken by their lane before reading stops.</summary>
    public int Inbound { get; init; } = 64 * 1024;

    /// <summary>Control frames (ping, pong) a second.</summary>
    public int ControlFrames { get; init; } = 20;

    public int UnparsableMessages { get; init; } = 5;

    /// <summary>Most <c>&lt;</c> in the texts of a message on a topic that sanitises HTML; what they cost grows with their square.</summary>
    public int Tags { get; init; } = 128;

    /// <summary><c>forbidden</c> answers in 10 s before close 1008 <c>abuse</c>.</summary>
    public int Forbidden { get; init; } = 20;

    /// <summary>Sequenced topics of which a node keeps something.</summary>
    public int Topics { get; init; } = 100_000;

    /// <summary>Bytes of the history of one topic.</summary>
    public int History { get; init; } = 4 * 1024 * 1024;

    /// <summary>Members of one topic.</summary>
    public int Members { get; init; } = 100_000;

    /// <summary>Members of a topic up to which each <c>join</c> and <c>leave</c> is pushed.</summary>
    public int MemberList { get; init; } = 1000;

    /// <summary>Keys of publishes that a topic remembers.</summary>
    public int Keys { get; init; } = 100_000;

    /// <summary>Publishes of a node to one partition whose outcome is open.</summary>
    public int Pending { get; init; } = 4096;

    internal HttpLimits Heads() => new() { RequestLine = RequestLine, HeaderBytes = HeaderBytes, HeaderCount = HeaderCount };
}
