using System.Net;
using Broker.Protocol.Wire;

namespace Broker.Node.Transport;

/// <summary>What the connection keeps of its upgrade request.</summary>
internal sealed record UpgradedRequest(WireFormat Format, IPAddress Remote);
