namespace Broker.Node.Links;

/// <summary>Entries of one batch, encoded once and shared by the links of all peers. Immutable.</summary>
internal sealed class Segment(byte[] bytes, int messages)
{
    public ReadOnlyMemory<byte> Bytes { get; } = bytes;

    public int Length => Bytes.Length;

    public int Messages { get; } = messages;

    /// <summary>Bytes of memory it takes in a window: its own objects count, so that tiny batches are bounded too.</summary>
    public int Weight => Length + 128;
}
