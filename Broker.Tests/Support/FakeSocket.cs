using System.Text;
using Broker.Node.Delivery;

namespace Broker.Tests.Support;

/// <summary>Collects what a writer sends; takes at most <see cref="Room"/> bytes more, then is full.</summary>
internal sealed class FakeSocket : IDirectTransport
{
    private readonly List<byte> _sent = [];

    public int Room { get; set; } = int.MaxValue;

    public bool IsBroken { get; set; }

    /// <summary>Runs before each send, in the drainer, when the send has been counted: who waits for it may read the count.</summary>
    public Action? Sending { get; set; }

    public int Sends { get; private set; }

    public byte[] Bytes => _sent.ToArray();

    public string Text => Encoding.UTF8.GetString(Bytes);

    public int TrySend(EgressChunk chunk)
    {
        Sends++;
        Sending?.Invoke();
        if (IsBroken)
        {
            return -1;
        }

        var count = Math.Min(Room, chunk.Length);
        Room -= count;
        _sent.AddRange(chunk.Span[..count]);
        return count;
    }
}
