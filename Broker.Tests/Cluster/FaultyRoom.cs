using Broker.Rooms;

namespace Broker.Tests.Cluster;

/// <summary>A room whose code does what no room should: it throws, or does not come back for a while.</summary>
internal sealed class FaultyRoom : Room
{
    private int _calls;

    /// <summary>Holds those who call <c>block</c>.</summary>
    public static SemaphoreSlim Gate { get; } = new(0);

    public override CallAnswer Call(RoomPlayer player, string method, RoomData data)
    {
        _calls++;
        switch (method)
        {
            case "throw":
                throw new InvalidOperationException("as asked");
            case "block":
                Gate.Wait();
                break;
        }

        return CallAnswer.Result(RoomData.Json($"{_calls}"));
    }

    public override RoomData State(RoomPlayer viewer) => RoomData.Json($"{_calls}");

    public override ReadOnlyMemory<byte> Snapshot() => BitConverter.GetBytes(_calls);

    public override void Restore(ReadOnlyMemory<byte> snapshot, int version) => _calls = BitConverter.ToInt32(snapshot.Span);
}
