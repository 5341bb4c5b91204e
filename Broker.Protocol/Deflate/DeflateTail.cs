namespace Broker.Protocol.Deflate;

internal static class DeflateTail
{
    /// <summary>
    /// End of an empty stored block: taken off every compressed message before it is sent, and put back before it is inflated
    /// (RFC 7692 sections 7.2.1 and 7.2.2).
    /// </summary>
    public static ReadOnlySpan<byte> Bytes => [0x00, 0x00, 0xFF, 0xFF];

    /// <summary>The payload of an empty message (section 7.2.3.6): the header of an empty stored block.</summary>
    public static ReadOnlySpan<byte> EmptyMessage => [0x00];
}
