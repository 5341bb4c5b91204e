using Akka.Actor;
using Broker.Protocol.Wire;
using Broker.Rooms.Hosting;

namespace Broker.Node.Rooms;

/// <summary>The way from this node to the lobbies of all kinds. Thread-safe; what comes before <see cref="Open"/> is <c>unavailable</c>, or nothing that was to be shown.</summary>
internal sealed class RoomLobbies : IRoomLobby, IRoomDirectory
{
    private IActorRef? _actor;
    private IActorRef? _region;

    /// <summary>Where lobbies are; null: nowhere.</summary>
    public IActorRef? Region
    {
        get => Volatile.Read(ref _region);
        set => Volatile.Write(ref _region, value);
    }

    /// <param name="actor">The node's <see cref="RoomLobbiesActor"/>.</param>
    public void Open(IActorRef actor) => Volatile.Write(ref _actor, actor);

    public void Find(LobbyRequest request) => Ask(request, LobbyAskKind.Find);

    public void List(LobbyRequest request) => Ask(request, LobbyAskKind.List);

    public void Wait(LobbyRequest request) => Ask(request, LobbyAskKind.Wait);

    public void Forget(long connection, string kind) => Tell(new RoomLobbiesActor.Forgotten(connection, kind));

    /// <summary>Has the lobbies of all kinds begin where they have ended.</summary>
    public void Wake() => Tell(RoomLobbiesActor.Wake.Instance);

    public void Show(string kind, string room, RoomListing listing) => Tell(new RoomLobbiesActor.Shown(kind, room, listing));

    public void Hide(string kind, string room, bool hasEnded) => Tell(new RoomLobbiesActor.Shown(kind, room, null));

    private void Ask(LobbyRequest request, LobbyAskKind what)
    {
        if (!Tell(new RoomLobbiesActor.Asked(request, what)))
        {
            request.Actor.Tell(new LobbyAnswer(request.Number, ErrorCode.Unavailable), ActorRefs.NoSender);
        }
    }

    private bool Tell(object message)
    {
        var actor = Volatile.Read(ref _actor);
        actor?.Tell(message, ActorRefs.NoSender);
        return actor is not null;
    }
}
