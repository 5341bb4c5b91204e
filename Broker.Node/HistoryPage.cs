namespace Broker.Node;

/// <summary>Which messages of a topic are wanted.</summary>
public sealed record HistoryQuery
{
    /// <summary>Only what comes behind it, or before it with <see cref="Reverse"/>; null: from the first, or from the newest.</summary>
    public Position? Since { get; init; }

    /// <summary>Messages at most, 1-300.</summary>
    public int Limit { get; init; } = 100;

    /// <summary>The newest first.</summary>
    public bool Reverse { get; init; }
}

/// <summary>Messages that a topic has kept.</summary>
/// <param name="Result">Where it is not <see cref="QueryResult.Ok"/> there is nothing else.</param>
public sealed record HistoryPage(QueryResult Result)
{
    /// <summary>Of the topic as a whole: where it goes on live.</summary>
    public Position? Position { get; init; }

    /// <summary>In the order asked for; of a topic that keeps the latest, its entries.</summary>
    public IReadOnlyList<BrokerMessage> Messages { get; init; } = [];

    /// <summary>There are more: ask again with the position of the last as <see cref="HistoryQuery.Since"/>.</summary>
    public bool More { get; init; }
}
