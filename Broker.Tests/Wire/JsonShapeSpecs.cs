using Broker.Tests.Contracts;

namespace Broker.Tests.Wire;

public sealed class JsonShapeSpecs() : RequestShapeContract(FormatSample.Json);
