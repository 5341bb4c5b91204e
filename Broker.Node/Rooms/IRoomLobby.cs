namespace Broker.Node.Rooms;

/// <summary>
/// Finds rooms for clients. Thread-safe; must not wait for anything. Answers by a <see cref="LobbyAnswer"/> to the connection's actor: exactly one for
/// <see cref="Find"/> and <see cref="List"/>; for <see cref="Wait"/> first one that says it waits, then one with a room, or an error in place of either.
/// </summary>
internal interface IRoomLobby
{
    /// <summary>A free seat in a room of the kind that matches the filters, or in a new room.</summary>
    void Find(LobbyRequest request);

    /// <summary>The rooms of the kind, or of all permitted kinds, that match the filters.</summary>
    void List(LobbyRequest request);

    /// <summary>The client takes its place in the queue of the kind.</summary>
    void Wait(LobbyRequest request);

    /// <summary>The client waits no more, or its connection has ended.</summary>
    /// <param name="connection">Number of the connection on this node.</param>
    /// <param name="kind">Empty: all kinds.</param>
    void Forget(long connection, string kind);
}
