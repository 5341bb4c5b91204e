namespace Broker.Tests.Checker;

/// <summary>Something in a history that may not be.</summary>
/// <param name="Lines">The lines of the events that show it, from 1 on.</param>
/// <param name="What">What was seen, and what should have been.</param>
internal sealed record Violation(Invariant Invariant, IReadOnlyList<int> Lines, string What)
{
    public override string ToString() => $"I{(int)Invariant} {Invariant}, lines {string.Join(", ", Lines)}: {What}";
}

/// <summary>The numbers are those that specs and models name invariants by; <see cref="HistoryChecker"/> says what each means.</summary>
internal enum Invariant
{
    TotalOrder = 1,
    Contiguity = 2,
    NoReorder = 3,
    NoDuplicate = 4,
    IdempotentPublish = 5,
    AcknowledgedIsStored = 6,
    NoPhantom = 7,
    Answered = 10,
    PresenceConverges = 11,
    EpochHonesty = 12,
    MonotoneSession = 13,
    Authorization = 14,
    QuietMinority = 15,
    Liveness = 16,
    PublisherOrder = 17,
    SubscriptionBounds = 19,
}
