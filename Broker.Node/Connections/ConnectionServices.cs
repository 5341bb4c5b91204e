using System.Net;
using Broker.Node.Auth;
using Broker.Node.Configuration.Options;
using Broker.Node.Delivery;
using Broker.Node.Diagnostics;
using Broker.Node.Lanes;
using Broker.Node.Topics;
using Broker.Protocol.Wire;

namespace Broker.Node.Connections;

/// <summary>What all connections of a node share; thread-safe throughout.</summary>
internal sealed record ConnectionServices(
    BrokerOptions Options,
    JwtValidator Tokens,
    Rights AnonymousRights,
    TopicSettings Topics,
    PayloadChecks Payloads,
    LeaseTable<string> Users,
    TokenGuesses Guesses,
    UserBuckets UserBuckets,
    Action<LaneCommand> Post,
    Action<IEnumerable<Subscription>> Leave,
    BatchClock Batches,
    string NodeId,
    string NodeName,
    BrokerMetrics Metrics,
    TimeProvider Time)
{
    public TokenRate MessageRate { get; } = new(Options.Rate.Messages, Options.Rate.Burst, Time.TimestampFrequency);

    public TokenRate ControlRate { get; } = new(Options.Rate.Control, Options.Rate.ControlBurst, Time.TimestampFrequency);

    public TokenRate PingRate { get; } = new(1, 1, Time.TimestampFrequency);

    /// <summary>Notes a token that was refused; an invalid one may be a guess.</summary>
    public void OnBadToken(ErrorCode error, IPAddress remote)
    {
        if (error == ErrorCode.InvalidToken)
        {
            Guesses.Failed(remote);
            Metrics.TokenRefused(TokenRefusal.Invalid);
        }
        else if (error == ErrorCode.TokenExpired)
        {
            Metrics.TokenRefused(TokenRefusal.Expired);
        }
    }
}
