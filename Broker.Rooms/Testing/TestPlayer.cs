using Broker.Rooms.Hosting;

namespace Broker.Rooms.Testing;

/// <summary>A client of a <see cref="RoomTester"/>: what it does, and what it saw.</summary>
public sealed class TestPlayer
{
    private readonly RoomTester _tester;
    private readonly List<RoomOutput> _seen = [];

    internal TestPlayer(RoomTester tester, string? user) => (_tester, User) = (tester, user);

    public string? User { get; }

    /// <summary>Id in the room; null: it was not let in.</summary>
    public string? Id { get; private set; }

    /// <summary>Null: it was let in. Else why not.</summary>
    public RequestRefused? Refusal { get; private set; }

    /// <summary>Everything that this client was told, in order.</summary>
    public IReadOnlyList<RoomOutput> Seen => _seen;

    /// <summary>The events among what it saw.</summary>
    public IEnumerable<EventSent> Events => _seen.OfType<EventSent>();

    /// <summary>The newest state that it was shown.</summary>
    public RoomData State { get; private set; }

    internal RoomConnection Connection { get; set; }

    internal string? Token { get; private set; }

    /// <summary>The texts of the events of a name; JSON only.</summary>
    public IReadOnlyList<string> Texts(string name) => [.. Events.Where(seen => seen.Name == name).Select(static seen => seen.Data.Text)];

    /// <param name="data">JSON; null: none.</param>
    /// <param name="to">Id of a player.</param>
    /// <returns>Null: the room took it. Else why not.</returns>
    public RequestRefused? Send(string name, string? data = null, string? to = null) =>
        _tester.Ask((host, request) => host.Send(request, Connection, name, RoomTester.Data(data), to)) as RequestRefused;

    /// <param name="data">JSON; null: none.</param>
    /// <returns>What the room answers to the call: a value, or why not.</returns>
    public CallAnswer Call(string method, string? data = null) =>
        _tester.Ask((host, request) => host.Call(request, Connection, method, RoomTester.Data(data))) switch
        {
            RequestDone done => CallAnswer.Result(done.Data),
            RequestRefused refused => CallAnswer.Failed(refused.Reason ?? refused.Error.ToString(), refused.Data),
            var other => throw new InvalidOperationException($"A call was answered with {other}."),
        };

    /// <summary>Asks for the state.</summary>
    public RoomData Sync()
    {
        _tester.Ask((host, request) => host.Sync(request, Connection));
        return State;
    }

    /// <summary>Loses the connection.</summary>
    public void Drop() => _tester.Do(host => host.Drop(Connection));

    /// <summary>Comes back by a new connection.</summary>
    /// <returns>False: the seat is gone; <see cref="Refusal"/> says why.</returns>
    public bool Return() => _tester.Join(this, new JoinInput(default, User) { Token = Token });

    public void Leave() => _tester.Ask((host, request) => host.Leave(request, Connection));

    internal void See(RoomOutput output)
    {
        _seen.Add(output);
        State = output is StateShown shown ? shown.Data : State;
    }

    internal void OnAnswer(RoomOutput answer)
    {
        Refusal = answer as RequestRefused;
        if (answer is PlayerSeated seated)
        {
            (Id, Token, State) = (seated.Player.Id, seated.Token, seated.State);
        }
    }
}
