using System.Buffers.Binary;
using System.Net;

namespace Broker.Node.Listening;

/// <summary>
/// The header of PROXY protocol version 2 (haproxy.org, proxy-protocol.txt section 2.2): 12 bytes of signature, version and
/// command, family and transport, length, addresses, TLVs. Pure.
/// </summary>
internal static class ProxyHeader
{
    /// <summary>Signature, version and command, family, length.</summary>
    public const int PrefixLength = 16;

    /// <summary>Most bytes after the prefix that are taken; TLVs with certificates are under that.</summary>
    public const int MaxLength = 4096;

    private static ReadOnlySpan<byte> Signature => "\r\n\r\n\0\r\nQUIT\n"u8;

    /// <summary>Reads the prefix.</summary>
    /// <param name="prefix">Its 16 bytes.</param>
    /// <param name="length">How many bytes follow it.</param>
    public static bool TryReadPrefix(ReadOnlySpan<byte> prefix, out int length)
    {
        length = BinaryPrimitives.ReadUInt16BigEndian(prefix[14..]);
        return prefix.StartsWith(Signature) && prefix[12] is 0x20 or 0x21 && length <= MaxLength;
    }

    /// <summary>Reads what follows the prefix; TLVs are skipped.</summary>
    /// <param name="prefix">The 16 bytes of the prefix.</param>
    /// <param name="rest">What follows, all of it.</param>
    /// <param name="source">The client; null: the connection is the proxy's own, or it does not say whose.</param>
    public static bool TryRead(ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> rest, out IPEndPoint? source)
    {
        source = null;
        if (prefix[12] == 0x20)
        {
            // LOCAL: "the receiver must accept this connection as valid and must use the real connection endpoints".
            return true;
        }

        switch (prefix[13])
        {
            case 0x11 when rest.Length >= 12:
                source = new IPEndPoint(new IPAddress(rest[..4]), BinaryPrimitives.ReadUInt16BigEndian(rest[8..]));
                return true;
            case 0x21 when rest.Length >= 36:
                var address = new IPAddress(rest[..16]);
                source = new IPEndPoint(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address, BinaryPrimitives.ReadUInt16BigEndian(rest[32..]));
                return true;
            case 0x00 or 0x31:
                // UNSPEC, and a UNIX socket of the proxy's machine: there is no address.
                return true;
            default:
                return false;
        }
    }
}
