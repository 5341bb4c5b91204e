namespace Broker.Rooms;

/// <summary>What a room answers to a call.</summary>
public readonly struct CallAnswer
{
    private CallAnswer(string? reason, RoomData data) => (FailureReason, Data) = (reason, data);

    /// <summary>Null: the call succeeded.</summary>
    public string? FailureReason { get; }

    public RoomData Data { get; }

    /// <summary>The client gets <c>result</c>.</summary>
    public static CallAnswer Result(RoomData data = default) => new(null, data);

    /// <summary>The client gets the error <c>failed</c>; the room goes on.</summary>
    /// <param name="reason">For the client; cut at <see cref="RoomLimits.Reason"/> characters.</param>
    public static CallAnswer Failed(string reason, RoomData data = default) => new(reason ?? throw new ArgumentNullException(nameof(reason)), data);
}
