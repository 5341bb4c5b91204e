using Akka.Actor;
using Akka.Event;
using Broker.Node.Delivery;

namespace Broker.Node.Lanes;

/// <summary>The lane did not open this cursor; the client has been told.</summary>
internal sealed record SubscriptionRefused(Subscription Subscription) : IDeadLetterSuppression, INoSerializationVerificationNeeded;
