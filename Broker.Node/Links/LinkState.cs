namespace Broker.Node.Links;

/// <summary>What an outgoing link does with what it is offered.</summary>
internal enum LinkState
{
    /// <summary>Counts only: the peer was not heard yet, is skipped, unreachable or leaving.</summary>
    Closed,

    /// <summary>Keeps but does not send: the peer said hello, and has not shown yet that it can be reached. Nobody waits for its window.</summary>
    Keeping,

    /// <summary>Keeps and sends; publishers wait for its window.</summary>
    Open,
}
