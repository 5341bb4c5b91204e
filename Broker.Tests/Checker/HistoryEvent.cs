namespace Broker.Tests.Checker;

/// <summary>
/// One thing that somebody did or saw. Of the properties an event has those that its kind names; its line in the history is what
/// violations name, and the order of lines is the order in time.
/// </summary>
/// <param name="At">Microseconds since the recording began, by a clock that never goes back.</param>
internal sealed record HistoryEvent(EventKind Kind, long At)
{
    /// <summary>The publisher or subscriber, whatever its connection; also its user.</summary>
    public string? Client { get; init; }

    public string? Connection { get; init; }

    public string? Node { get; init; }

    public string? Topic { get; init; }

    /// <summary>Names a request and its answer; a subscription has the number of the request that asked for it.</summary>
    public long? Call { get; init; }

    /// <summary>Unique for each message; sent again under a key it stays the same.</summary>
    public string? Id { get; init; }

    public string? Data { get; init; }

    public string? Key { get; init; }

    public string? Epoch { get; init; }

    public long? Offset { get; init; }

    public long? From { get; init; }

    public long? To { get; init; }

    /// <summary>How many messages of the past a subscription asked for.</summary>
    public int? Last { get; init; }

    public bool? Recovered { get; init; }

    public bool? More { get; init; }

    /// <summary>Error code, close code, or the fault.</summary>
    public string? Code { get; init; }

    public bool? Sequenced { get; init; }

    public bool? Durable { get; init; }

    public bool? Presence { get; init; }

    /// <summary>Messages that the topic's history keeps; none: all.</summary>
    public int? Size { get; init; }

    /// <summary>Nodes of a fault (of a cut those of the smaller side), or members.</summary>
    public IReadOnlyList<string>? Names { get; init; }

    public IReadOnlyList<HistoryEntry>? Entries { get; init; }
}

/// <summary>A message as history holds it.</summary>
internal sealed record HistoryEntry(long Offset, string Id, string Data);

internal enum EventKind
{
    /// <summary>A topic and its settings: Topic, Sequenced, Durable, Presence, Size.</summary>
    Topic,

    /// <summary>Code is start, kill, stop, pause, resume, cut or heal; Names.</summary>
    Fault,

    /// <summary>A client may see a topic from here on: Client, Topic. A client with none of these is not looked at for rights.</summary>
    Granted,
    Revoked,

    /// <summary>Call, Client, Connection, Node, Topic, Id, Data, Key?</summary>
    Publish,

    /// <summary>Call, Epoch?, Offset?</summary>
    Published,

    /// <summary>An error as answer to any request: Call, Code.</summary>
    Refused,

    /// <summary>The connection ended before the answer: Call.</summary>
    Lost,

    /// <summary>Call, Client, Connection, Node, Topic; Epoch and Offset to recover from; Last?</summary>
    Subscribe,

    /// <summary>Call, Epoch?, Offset?, Recovered?</summary>
    Subscribed,

    /// <summary>Call, Epoch?, Offset?, Id, Data. Replayed is what lies at or below the offset of <see cref="Subscribed"/>.</summary>
    Message,

    /// <summary>Call, Epoch?, Offset?, From?, To?</summary>
    Gap,

    /// <summary>Members that came or went, as a subscription saw it: Call, Names.</summary>
    Joined,
    Left,

    /// <summary>Call.</summary>
    Unsubscribe,

    /// <summary>Call; also unasked.</summary>
    Unsubscribed,

    /// <summary>Connection, Code.</summary>
    Closed,

    /// <summary>A page of history asked for: Call, Client, Connection, Node, Topic; Epoch and Offset that it begins behind.</summary>
    History,

    /// <summary>Call, Epoch, Offset (the top), Entries, More.</summary>
    Page,

    /// <summary>A message is sent to a topic at a node, and watched for: Call, Topic, Node.</summary>
    Probe,

    /// <summary>Call.</summary>
    Probed,

    /// <summary>Who is present according to a node, read when nothing is under way any more: Topic, Node, Names.</summary>
    Members,

    /// <summary>All that a node has of a topic, read when nothing is under way any more: Topic, Node, Epoch, Offset (the top), Entries.</summary>
    Final,
}
