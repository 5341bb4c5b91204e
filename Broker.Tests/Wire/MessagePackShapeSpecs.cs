using Broker.Tests.Contracts;

namespace Broker.Tests.Wire;

public sealed class MessagePackShapeSpecs() : RequestShapeContract(FormatSample.MessagePack);
