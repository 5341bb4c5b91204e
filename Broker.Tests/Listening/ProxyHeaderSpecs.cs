using System.Net;
using Broker.Node.Listening;

namespace Broker.Tests.Listening;

public sealed class ProxyHeaderSpecs
{
    /// <summary>A header: command, family, and what follows the length.</summary>
    internal static byte[] Build(byte command, byte family, params byte[] rest) =>
        [.. "\r\n\r\n\0\r\nQUIT\n"u8, command, family, (byte)(rest.Length >> 8), (byte)rest.Length, .. rest];

    /// <summary>As a proxy sends it for a client: its address and port, this side's, and TLVs.</summary>
    internal static byte[] For(string client, int port, params byte[] tlvs)
    {
        var address = IPAddress.Parse(client).GetAddressBytes();
        return Build(0x21, address.Length == 4 ? (byte)0x11 : (byte)0x21, [.. address, .. new byte[address.Length], (byte)(port >> 8), (byte)port, 0, 80, .. tlvs]);
    }

    [Theory]
    [InlineData("203.0.113.7", "203.0.113.7")]
    [InlineData("2001:db8::7", "2001:db8::7")]
    [InlineData("::ffff:203.0.113.7", "203.0.113.7")]
    public void Source_is_read_and_what_follows_is_skipped(string client, string expected)
    {
        foreach (var tlvs in new byte[][] { [], [4, 0, 1, 0], new byte[3000] })
        {
            Assert.True(TryRead(For(client, 54321, tlvs), out var source));
            Assert.Equal(new IPEndPoint(IPAddress.Parse(expected), 54321), source);
        }
    }

    public static TheoryData<string, byte[]> WithoutSource => new()
    {
        { "LOCAL", Build(0x20, 0x00) },
        { "LOCAL with addresses", Build(0x20, 0x11, new byte[12]) },
        { "UNSPEC", Build(0x21, 0x00) },
        { "UNSPEC with TLVs", Build(0x21, 0x00, 4, 0, 0) },
        { "a UNIX socket", Build(0x21, 0x31, new byte[216]) },
    };

    [Theory]
    [MemberData(nameof(WithoutSource))]
    public void Connection_without_a_source_is_the_proxys_own(string what, byte[] header)
    {
        Assert.True(TryRead(header, out var source), what);
        Assert.Null(source);
    }

    public static TheoryData<string, byte[]> Malformed => new()
    {
        { "another signature", "GET / HTTP/1.1\r\n\r\n"u8.ToArray() },
        { "version 1", "PROXY TCP4 203.0.113.7 10.0.0.1 1 80\r\n"u8.ToArray() },
        { "version 3", Build(0x31, 0x11, new byte[12]) },
        { "an unknown command", Build(0x22, 0x11, new byte[12]) },
        { "a datagram", Build(0x21, 0x12, new byte[12]) },
        { "an unknown family", Build(0x21, 0x41, new byte[40]) },
        { "IPv4 with 11 bytes", Build(0x21, 0x11, new byte[11]) },
        { "IPv6 with 35 bytes", Build(0x21, 0x21, new byte[35]) },
        { "more than is taken", Build(0x21, 0x11, new byte[4097]) },
        { "all there may be", Build(0x21, 0x11, new byte[65535]) },
    };

    [Theory]
    [MemberData(nameof(Malformed))]
    public void Malformed_header_is_refused(string what, byte[] header) => Assert.False(TryRead(header, out _), what);

    private static bool TryRead(byte[] header, out IPEndPoint? source)
    {
        source = null;
        return ProxyHeader.TryReadPrefix(header.AsSpan(0, ProxyHeader.PrefixLength), out var length)
            && ProxyHeader.TryRead(header.AsSpan(0, ProxyHeader.PrefixLength), header.AsSpan(ProxyHeader.PrefixLength, length), out source);
    }
}
