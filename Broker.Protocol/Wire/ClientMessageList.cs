namespace Broker.Protocol.Wire;

/// <summary>
/// The messages of one frame, in their order. Made to be reused: nothing is allocated once it has held as many.
/// Not thread-safe.
/// </summary>
public sealed class ClientMessageList
{
    // A frame is nearly always one message; what a large array made it grow to is not kept.
    private const int Kept = 32;

    private ClientMessage[] _items = new ClientMessage[1];

    public int Count { get; private set; }

    public ref readonly ClientMessage this[int index] => ref _items.AsSpan(0, Count)[index];

    /// <summary>Forgets the messages, and with them the frame they point into.</summary>
    public void Clear()
    {
        if (_items.Length > Kept)
        {
            _items = new ClientMessage[1];
        }
        else
        {
            Array.Clear(_items, 0, Count);
        }

        Count = 0;
    }

    internal ref ClientMessage Add()
    {
        if (Count == _items.Length)
        {
            Array.Resize(ref _items, _items.Length * 2);
        }

        return ref _items[Count++];
    }
}
