namespace Broker.Rooms;

/// <summary>Whether a room lets somebody in.</summary>
public readonly struct JoinAnswer
{
    private JoinAnswer(string? reason) => RefusalReason = reason;

    public static JoinAnswer Accept => default;

    /// <summary>Null: accepted.</summary>
    public string? RefusalReason { get; }

    /// <summary>The client gets the error <c>room_refused</c>.</summary>
    /// <param name="reason">For the client; cut at <see cref="RoomLimits.Reason"/> characters.</param>
    public static JoinAnswer Refuse(string reason) => new(reason ?? throw new ArgumentNullException(nameof(reason)));
}
