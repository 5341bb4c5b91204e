using Broker.Node.Configuration.Options;

namespace Broker.Node.Connections;

/// <summary>What connections and users of a node may use of it. Thread-safe.</summary>
internal sealed class Quotas(BrokerOptions options, TimeProvider time)
{
    /// <summary>The connections of each user.</summary>
    public LeaseTable<string, UserConnections> Users { get; } = new(options.Limits.ConnectionsPerUser, static () => new UserConnections());

    /// <summary>Where the rate of messages is per user; null: it is per connection.</summary>
    public UserBuckets? UserMessages { get; } = options.Rate.Per == RateScope.User ? new UserBuckets(Rate(options.Rate.Messages, options.Rate.Burst, time), time) : null;

    public TokenRate Messages { get; } = Rate(options.Rate.Messages, options.Rate.Burst, time);

    public TokenRate Control { get; } = Rate(options.Rate.Control, options.Rate.ControlBurst, time);

    public TokenRate Pings { get; } = Rate(1, 1, time);

    private static TokenRate Rate(int perSecond, int burst, TimeProvider time) => new(perSecond, burst, time.TimestampFrequency);
}
