namespace Broker.Node.Transport;

/// <summary>Who holds a <see cref="ConnectionWriter"/>.</summary>
internal enum WriterState
{
    /// <summary>The egress stage: it is writing, waits for the kernel, or has no demand.</summary>
    Stage,

    /// <summary>Nobody: the stage has demand and there was nothing to write. Whoever makes work visible may take it.</summary>
    Parked,

    /// <summary>A drainer.</summary>
    Taken,

    /// <summary>A drainer, and work was made visible since it took the writer: it looks again before it parks.</summary>
    TakenAgain,

    /// <summary>Nobody ever again.</summary>
    Closed,
}
