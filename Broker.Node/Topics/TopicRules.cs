using Broker.Node.Configuration.Options;

namespace Broker.Node.Topics;

/// <summary>What the configuration says of topics and of what is published to them. Immutable.</summary>
internal sealed class TopicRules(BrokerOptions options)
{
    public TopicSettings Settings { get; } = new(options.Topics, options.UserTopic.History, options.Auth.MaxLife + options.Auth.Skew);

    public PayloadChecks Payloads { get; } = PayloadChecks.Of(options);
}
