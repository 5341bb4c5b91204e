using Akka.Actor;
using Akka.Event;
using Broker.Protocol.Wire;

namespace Broker.Node.Rooms;

/// <summary>What the lobby says to a <see cref="LobbyRequest"/>.</summary>
/// <param name="Number">Of the request.</param>
/// <param name="Error"><see cref="ErrorCode.None"/>: it has what was asked for.</param>
internal sealed record LobbyAnswer(long Number, ErrorCode Error) : IDeadLetterSuppression, INoSerializationVerificationNeeded
{
    /// <summary>Id of the room that was found.</summary>
    public string? Room { get; init; }

    /// <summary>Of the seat that is kept there; null: none is.</summary>
    public string? Token { get; init; }

    /// <summary>Of a list.</summary>
    public IReadOnlyList<RoomListEntry> Rooms { get; init; } = [];

    /// <summary>Where the next page of a list begins; null: there is none.</summary>
    public string? After { get; init; }

    /// <summary>The client is in the queue; another answer follows.</summary>
    public bool IsWaiting { get; init; }
}
