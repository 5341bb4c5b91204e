using Broker.Node.Delivery;
using Broker.Node.Lanes;
using Broker.Protocol.Wire;

namespace Broker.Node.Connections;

/// <summary>What a connection has asked the lobby and has no answer to yet.</summary>
/// <param name="Type">Of the request.</param>
/// <param name="Id">Of the request.</param>
/// <param name="Kind">Of the rooms; empty, for a list: all.</param>
internal sealed record LobbySearch(ClientMessageType Type, WireId Id, string Kind)
{
    /// <summary>Holds reading up; null: the client may wait for long.</summary>
    public MessageBatch? Batch { get; init; }

    /// <summary>Of a join: what the room will be asked; null: nothing.</summary>
    public RoomInput? Join { get; init; }
}
