using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Broker.Node.Auth;

/// <summary>What counts as one address: an IPv4 address, also where it is mapped into IPv6, or an IPv6 /64.</summary>
internal readonly record struct AddressKey(ulong Bits, bool IsV6)
{
    public static AddressKey Of(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            address = address.MapToIPv4();
        }

        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        return address.AddressFamily == AddressFamily.InterNetworkV6
            ? new AddressKey(BinaryPrimitives.ReadUInt64BigEndian(bytes), true)
            : new AddressKey(BinaryPrimitives.ReadUInt32BigEndian(bytes), false);
    }
}
