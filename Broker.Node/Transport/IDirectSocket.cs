namespace Broker.Node.Transport;

/// <summary>A socket that the holder of a writer may write to without a stream stage between.</summary>
internal interface IDirectSocket
{
    /// <summary>Never blocks. The number of bytes the kernel took, 0 when its buffer is full; -1 when the connection is broken.</summary>
    int TrySend(ReadOnlySpan<byte> bytes);
}
