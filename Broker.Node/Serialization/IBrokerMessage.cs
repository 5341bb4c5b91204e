namespace Broker.Node.Serialization;

/// <summary>Marks what nodes say to each other; bound to <see cref="BrokerSerializer"/> in the Akka configuration.</summary>
internal interface IBrokerMessage;
