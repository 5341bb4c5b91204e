using System.Text.Json;
using Broker.Rooms;

namespace Broker.Node.Rooms.Kinds;

/// <summary>
/// A room that knows no game: what a player sends goes to all others, or to one; one of the players is the host; and all share a small map, which
/// who comes later gets with the state.
/// </summary>
/// <remarks>
/// Calls: <c>set</c> {key, value} and <c>delete</c> {key}. Events of its own: <c>set</c> {key, value}, <c>delete</c> {key}, <c>host</c> {player}, where
/// player may be null. State: {host, values}. The host is who has been there longest without losing the connection.
/// </remarks>
public sealed class RelayRoom : Room
{
    /// <summary>Entries of the shared map.</summary>
    internal const int MaxValues = 256;

    /// <summary>Characters of a key.</summary>
    internal const int MaxKey = 64;

    /// <summary>Bytes of all keys and values: 64 KiB.</summary>
    internal const int MaxBytes = 64 * 1024;

    private readonly SortedDictionary<string, JsonElement> _values = new(StringComparer.Ordinal);
    private readonly List<string> _succession = [];
    private int _bytes;

    private string? Host => _succession.Count > 0 ? _succession[0] : null;

    public override void Joined(RoomPlayer player) => Enter(player);

    public override void Returned(RoomPlayer player) => Enter(player);

    public override void Dropped(RoomPlayer player) => Withdraw(player);

    public override void Left(RoomPlayer player, LeaveReason reason) => Withdraw(player);

    public override void Message(RoomPlayer player, RoomMessage message)
    {
        if (message.To is { } to)
        {
            Context.SendTo(to, message.Name, message.Data, player);
        }
        else
        {
            Context.SendToOthers(player, message.Name, message.Data, player);
        }
    }

    public override CallAnswer Call(RoomPlayer player, string method, RoomData data)
    {
        if (method is not ("set" or "delete"))
        {
            return base.Call(player, method, data);
        }

        if (KindJson.TryRead(data) is not { ValueKind: JsonValueKind.Object } asked
            || !asked.TryGetProperty("key", out var name) || name.ValueKind != JsonValueKind.String || name.GetString() is not { Length: <= MaxKey } key)
        {
            return CallAnswer.Failed($"needs a key of at most {MaxKey} characters");
        }

        if (method == "delete")
        {
            return Delete(player, key);
        }

        return asked.TryGetProperty("value", out var value) ? Set(player, key, value) : CallAnswer.Failed("needs a value");
    }

    public override RoomData State(RoomPlayer viewer) => KindJson.Write(new RelayState(Host, _values, null));

    public override ReadOnlyMemory<byte> Snapshot() => KindJson.Write(new RelayState(null, _values, _succession)).Bytes;

    public override void Restore(ReadOnlyMemory<byte> snapshot, int version)
    {
        var state = KindJson.Read<RelayState>(snapshot);
        _succession.AddRange(state.Succession!);
        foreach (var (key, value) in state.Values)
        {
            _values.Add(key, value);
            _bytes += Size(key, value);
        }
    }

    private static int Size(string key, JsonElement value) => key.Length + value.GetRawText().Length;

    private CallAnswer Set(RoomPlayer player, string key, JsonElement value)
    {
        var bytes = _bytes + Size(key, value) - (_values.TryGetValue(key, out var old) ? Size(key, old) : 0);
        if (bytes > MaxBytes || (_values.Count == MaxValues && !_values.ContainsKey(key)))
        {
            return CallAnswer.Failed("the room keeps no more");
        }

        _bytes = bytes;
        _values[key] = value;
        Context.Send("set", KindJson.Write(new { key, value }), player);
        return CallAnswer.Result();
    }

    private CallAnswer Delete(RoomPlayer player, string key)
    {
        if (_values.Remove(key, out var old))
        {
            _bytes -= Size(key, old);
            Context.Send("delete", KindJson.Write(new { key }), player);
        }

        return CallAnswer.Result();
    }

    private void Enter(RoomPlayer player)
    {
        if (!player.IsSpectator)
        {
            var before = Host;
            _succession.Add(player.Id);
            TellHost(before);
        }
    }

    private void Withdraw(RoomPlayer player)
    {
        var before = Host;
        _succession.Remove(player.Id);
        TellHost(before);
    }

    private void TellHost(string? before)
    {
        if (Host != before)
        {
            Context.Send("host", KindJson.Write(new { player = Host }));
        }
    }

    private sealed record RelayState(string? Host, IReadOnlyDictionary<string, JsonElement> Values, IReadOnlyList<string>? Succession);
}
