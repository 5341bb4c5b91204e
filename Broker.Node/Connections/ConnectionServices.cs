using Broker.Node.Configuration;
using Broker.Node.Topics;
using Broker.Protocol.Wire;

namespace Broker.Node.Connections;

/// <summary>What all connections of a node share; thread-safe throughout.</summary>
internal sealed record ConnectionServices(
    BrokerOptions Options,
    IWireCodec Codec,
    ITokenValidator Tokens,
    Rights AnonymousRights,
    TopicSettings Topics,
    LeaseTable<string> Users,
    TokenGuesses Guesses,
    UserBuckets UserBuckets,
    Action<LaneCommand> Post,
    string NodeId,
    string NodeName,
    TimeProvider Time)
{
    public TokenRate MessageRate { get; } = new(Options.Rate.Messages, Options.Rate.Burst, Time.TimestampFrequency);

    public TokenRate ControlRate { get; } = new(Options.Rate.Control, Options.Rate.ControlBurst, Time.TimestampFrequency);

    public TokenRate PingRate { get; } = new(1, 1, Time.TimestampFrequency);
}
