using Broker.Node.Delivery;

namespace Broker.Bench.Micro;

/// <summary>Takes everything and keeps nothing: a kernel without cost.</summary>
internal sealed class NullSocket : IDirectTransport
{
    public long Sent { get; private set; }

    public int TrySend(EgressChunk chunk)
    {
        Sent += chunk.Length;
        return chunk.Length;
    }
}
