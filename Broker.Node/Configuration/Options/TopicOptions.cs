namespace Broker.Node.Configuration.Options;

/// <summary>One entry of <c>broker.topics</c>.</summary>
public sealed record TopicOptions
{
    /// <summary>Topic pattern: <c>*</c> one token, <c>&gt;</c> one or more trailing tokens.</summary>
    public string Match { get; init; } = ">";

    /// <summary>How messages reach subscribers.</summary>
    public DeliveryKind Delivery { get; init; } = DeliveryKind.Broadcast;

    /// <summary>What a lagging subscriber gets.</summary>
    public SlowPolicy Slow { get; init; } = SlowPolicy.Disconnect;

    /// <summary>Adds <c>from</c> to pushes.</summary>
    public bool Sender { get; init; }

    /// <summary>Adds <c>time</c> to pushes.</summary>
    public bool Time { get; init; }

    /// <summary>Largest <c>data</c> in bytes; 0: the message limit.</summary>
    public int MaxSize { get; init; }

    /// <summary>What is done to the texts inside <c>data</c>, on the publisher's node.</summary>
    public Sanitising Sanitise { get; init; } = Sanitising.None;

    /// <summary>Local subscribers of one topic on one node; 0: no bound.</summary>
    public int MaxSubscribers { get; init; }

    /// <summary>What is kept for clients that come later; of a sequenced topic.</summary>
    public HistoryOptions History { get; init; } = new();

    /// <summary>Which messages are kept; of a sequenced topic.</summary>
    public KeepPolicy Keep { get; init; } = KeepPolicy.All;

    /// <summary>Whether its subscribers are members that others may see; of a sequenced topic.</summary>
    public bool Presence { get; init; }
}

/// <summary><c>history</c> of a topic.</summary>
public sealed record HistoryOptions
{
    /// <summary>Messages kept; of <see cref="KeepPolicy.Latest"/> entries; 0: none.</summary>
    public int Size { get; init; }

    /// <summary>How long they are kept; 0: for as long as there is room.</summary>
    public TimeSpan Ttl { get; init; }
}

/// <summary><c>broker.user-topic</c>: the topic <c>$user</c> that every user has.</summary>
public sealed record UserTopicOptions
{
    /// <summary>Whether users have one; without it the server API reaches no users.</summary>
    public bool Enabled { get; init; } = true;

    public HistoryOptions History { get; init; } = new() { Size = 100, Ttl = TimeSpan.FromHours(1) };
}

/// <summary><c>delivery</c> of a topic.</summary>
public enum DeliveryKind
{
    /// <summary>Live only, in the order of each publisher; no offsets, no history.</summary>
    Broadcast,

    /// <summary>One order for all subscribers, with offsets.</summary>
    Sequenced,
}

/// <summary><c>keep</c> of a topic.</summary>
public enum KeepPolicy
{
    /// <summary>The newest messages.</summary>
    All,

    /// <summary>The newest message of each entry: a map.</summary>
    Latest,
}

/// <summary><c>slow</c> of a topic: what happens to a subscriber that lags over the bound.</summary>
public enum SlowPolicy
{
    /// <summary>Close 1013 <c>slow consumer</c>; the client reconnects.</summary>
    Disconnect,

    /// <summary>What waits is skipped: the client gets <c>gap</c> and what comes after.</summary>
    Skip,

    /// <summary>Values that are not the newest are skipped, without <c>gap</c>.</summary>
    Latest,
}

/// <summary>What is done to the texts inside <c>data</c> of a publish.</summary>
public enum Sanitising
{
    None,

    /// <summary>Markup that could run or hide something is taken out.</summary>
    Html,
}
