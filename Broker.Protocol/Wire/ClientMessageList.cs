using System.Buffers;

namespace Broker.Protocol.Wire;

/// <summary>
/// The messages of one frame, in their order. Made to be reused: nothing is allocated once it has held as many.
/// Not thread-safe.
/// </summary>
public sealed class ClientMessageList
{
    // A frame is nearly always one message; what a large array needs is rented until the next Clear.
    private const int OwnLimit = 32;

    // Not the shared pool: what comes out of this one is empty, because only emptied arrays go back.
    private static readonly ArrayPool<ClientMessage> Large = ArrayPool<ClientMessage>.Create(2 * WireLimits.Batch, 4);

    private ClientMessage[] _items = new ClientMessage[1];

    public int Count { get; private set; }

    public ref readonly ClientMessage this[int index] => ref _items.AsSpan(0, Count)[index];

    /// <summary>Forgets the messages, and with them the frame they point into.</summary>
    public void Clear()
    {
        Array.Clear(_items, 0, Count);
        if (_items.Length > OwnLimit)
        {
            Large.Return(_items);
            _items = new ClientMessage[1];
        }

        Count = 0;
    }

    internal ref ClientMessage Add()
    {
        if (Count == _items.Length)
        {
            Grow();
        }

        return ref _items[Count++];
    }

    private void Grow()
    {
        var larger = Count < OwnLimit
            ? new ClientMessage[Count * 2]
            : Large.Rent(Count * 4);
        _items.AsSpan(0, Count).CopyTo(larger);
        _items.AsSpan(0, Count).Clear();
        if (_items.Length > OwnLimit)
        {
            Large.Return(_items);
        }

        _items = larger;
    }
}
