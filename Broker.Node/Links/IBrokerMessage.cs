namespace Broker.Node.Links;

/// <summary>Marks what nodes say to each other; bound to <c>BrokerSerializer</c> in the Akka configuration.</summary>
internal interface IBrokerMessage;
