using Broker.Node.Hosting;

namespace Broker.Node.Links;

/// <summary>Marks what nodes say to each other; bound to <see cref="BrokerSerializer"/> in the Akka configuration.</summary>
internal interface IBrokerMessage;
