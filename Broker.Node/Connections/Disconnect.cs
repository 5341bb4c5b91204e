using Akka.Actor;
using Akka.Event;
using Broker.Protocol.Wire;

namespace Broker.Node.Connections;

/// <summary>Asks a connection's actor to tell its client and close.</summary>
internal sealed record Disconnect(DisconnectReason Reason, TimeSpan After) : IDeadLetterSuppression, INoSerializationVerificationNeeded;
