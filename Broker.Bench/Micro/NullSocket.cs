using Broker.Node.Transport;

namespace Broker.Bench.Micro;

/// <summary>Takes everything and keeps nothing: a kernel without cost.</summary>
internal sealed class NullSocket : IDirectSocket
{
    public long Sent { get; private set; }

    public int TrySend(ReadOnlySpan<byte> bytes)
    {
        Sent += bytes.Length;
        return bytes.Length;
    }
}
