namespace Broker.Node.Transports.WebSocket;

/// <summary>A connection, as whoever looks after the memory of all of them knows it. Thread-safe.</summary>
internal interface IHeldConnection
{
    /// <summary>Bytes that are kept for this connection alone; 0 once it is shed or has ended.</summary>
    long Held { get; }

    /// <summary>It has not been admitted.</summary>
    bool OneByOne { get; }

    /// <summary>There is no room for what it holds: ends it, soon. Any thread; writes nothing.</summary>
    void Shed();
}
