namespace Broker.Node.Delivery;

/// <summary>Who is told what happens to a connection's <see cref="ConnectionWriter"/>; on any thread, the holder's but for <see cref="Overrun"/>.</summary>
internal interface IWriterObserver
{
    /// <summary>Once: a cursor lags over its bound.</summary>
    void Overrun();

    /// <summary>Each time that waiting control frames have gone out.</summary>
    void ControlDrained()
    {
    }

    /// <summary>So many bytes more, or less, wait that are in no log.</summary>
    void Hold(int bytes)
    {
    }

    /// <summary>What was to leave must not reach the client.</summary>
    void Disown();

    /// <summary>Why a drainer could not go on; the stage ends the connection.</summary>
    void Failed(Exception error)
    {
    }
}
