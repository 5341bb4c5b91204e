using Broker.Tests.Contracts;

namespace Broker.Tests.Wire;

public sealed class JsonAllocationSpecs() : AllocationContract(FormatSample.Json);
