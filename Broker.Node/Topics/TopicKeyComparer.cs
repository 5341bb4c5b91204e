namespace Broker.Node.Topics;

/// <summary>Topic names, patterns and tokens as UTF-8 keys that can be looked up by a span, without making a string.</summary>
internal sealed class TopicKeyComparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
{
    public static readonly TopicKeyComparer Instance = new();

    private TopicKeyComparer()
    {
    }

    public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

    public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

    public int GetHashCode(byte[] obj) => (int)TopicName.Hash(obj);

    public int GetHashCode(ReadOnlySpan<byte> alternate) => (int)TopicName.Hash(alternate);

    public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
}
