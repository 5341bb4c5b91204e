using Broker.Tests.Contracts;

namespace Broker.Tests.Wire;

/// <summary>Every message about rooms as JSON, to the byte.</summary>
public sealed class JsonRoomMessageSpecs() : RoomMessageContract(FormatSample.Json);

/// <summary>Every message about rooms as MessagePack, read by another library.</summary>
public sealed class MessagePackRoomMessageSpecs() : RoomMessageContract(FormatSample.MessagePack);
