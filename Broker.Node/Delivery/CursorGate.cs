namespace Broker.Node.Delivery;

/// <summary>Of cursors that are opened one by one and written of only when all are open. Opened once; thread-safe.</summary>
internal sealed class CursorGate
{
    private int _isOpen;

    public bool IsOpen => Volatile.Read(ref _isOpen) != 0;

    /// <summary>A full fence: who marks a cursor after it, and who holds the writer, cannot both miss the other.</summary>
    public void Open() => Interlocked.Exchange(ref _isOpen, 1);
}
