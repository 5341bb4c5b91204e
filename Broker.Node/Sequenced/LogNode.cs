namespace Broker.Node.Sequenced;

/// <summary>An entry's place in one log, counted: it stays as long as somebody needs it, and its content as long as somebody needs that.</summary>
/// <param name="log">Whose.</param>
/// <param name="entry">What.</param>
internal sealed class LogNode(INodeOwner log, PartitionEntry entry)
{
    private int _holds;
    private int _bodies;

    public long Sequence { get; } = entry.Sequence;

    /// <summary>Null once nobody needs it.</summary>
    public PartitionEntry? Entry { get; private set; } = entry;

    /// <summary>Its key stands for a later entry by now.</summary>
    public bool HasLostKey { get; set; }

    /// <summary>Its member has gone, or has come again.</summary>
    public bool HasLeft { get; set; }

    public void Hold() => _holds++;

    public void HoldBody()
    {
        _holds++;
        _bodies++;
    }

    public void Release()
    {
        if (--_holds == 0)
        {
            log.Dropped(this);
            Entry = null;
        }
    }

    public void ReleaseBody()
    {
        if (--_bodies == 0 && _holds > 1)
        {
            log.Stripped(this);
            Entry = Entry!.ToStub();
        }

        Release();
    }
}

/// <summary>The log that has a <see cref="LogNode"/>.</summary>
internal interface INodeOwner
{
    /// <summary>The content of a node is needed no more; it is still there.</summary>
    void Stripped(LogNode node);

    /// <summary>Nothing of a node is needed any more; it is still there.</summary>
    void Dropped(LogNode node);

    /// <summary>Releases a node once the one that takes its place is committed.</summary>
    void ReleaseWith(LogNode? old, LogNode by);
}
