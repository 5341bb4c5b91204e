using Akka.Actor;
using Akka.Event;

namespace Broker.Node.Topics;

/// <summary>The lane did not open this cursor; the client has been told.</summary>
internal sealed record SubscriptionRefused(Subscription Subscription) : IDeadLetterSuppression, INoSerializationVerificationNeeded;
