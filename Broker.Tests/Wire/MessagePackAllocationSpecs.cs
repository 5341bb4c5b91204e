using Broker.Tests.Contracts;

namespace Broker.Tests.Wire;

public sealed class MessagePackAllocationSpecs() : AllocationContract(FormatSample.MessagePack);
