namespace Broker.Node.Delivery;

/// <summary>Who holds a <see cref="ConnectionWriter"/>.</summary>
internal enum WriterState
{
    /// <summary>The egress stage: it is writing, waits for the kernel, or has no demand.</summary>
    Stage,

    /// <summary>Nobody: the stage has demand and there was nothing to write. Whoever makes work visible may take it.</summary>
    Parked,

    /// <summary>A drainer that has not begun: it will look at all there is when it does.</summary>
    Taken,

    /// <summary>A drainer that has begun.</summary>
    Draining,

    /// <summary>A drainer that has begun, and work was made visible since: it looks again before it parks.</summary>
    DrainingAgain,

    /// <summary>Nobody ever again.</summary>
    Closed,
}
