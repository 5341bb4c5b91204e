using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Broker.Node.Transport;

/// <summary>
/// What connections are counted by: the exact IPv4 address, or the /64 of an IPv6 address, since a /64 is what one
/// subscriber usually gets.
/// </summary>
internal readonly record struct AddressKey(bool IPv6, ulong Bits)
{
    public static AddressKey Of(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        if (address.AddressFamily == AddressFamily.InterNetwork)
        {
            return new AddressKey(false, BinaryPrimitives.ReadUInt32BigEndian(bytes));
        }

        // A dual-stack socket shows IPv4 clients as ::ffff:a.b.c.d, which all share one /64.
        return address.IsIPv4MappedToIPv6
            ? new AddressKey(false, BinaryPrimitives.ReadUInt32BigEndian(bytes[12..]))
            : new AddressKey(true, BinaryPrimitives.ReadUInt64BigEndian(bytes));
    }
}
