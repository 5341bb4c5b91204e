namespace Broker.Rooms;

/// <summary>How asynchronous work ended that a room had begun with <see cref="RoomContext.Run"/>.</summary>
public readonly struct WorkResult
{
    private WorkResult(RoomData data, string? error) => (Data, Error) = (data, error);

    public RoomData Data { get; }

    /// <summary>Null: it succeeded. <see cref="Interrupted"/>: the room was restored meanwhile, and nobody knows how far the work got.</summary>
    public string? Error { get; }

    public static string Interrupted => "interrupted";

    internal static WorkResult Done(RoomData data) => new(data, null);

    internal static WorkResult Failed(string error) => new(default, error);
}
