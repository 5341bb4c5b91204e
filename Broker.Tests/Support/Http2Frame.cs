using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Broker.Tests.Support;

/// <summary>One HTTP/2 frame as it came.</summary>
internal sealed record Http2Frame(byte Type, byte Flags, int Stream, byte[] Payload)
{
    /// <summary>RFC 7541 appendix A: the entries of the static table from number 8 on.</summary>
    private static readonly int[] Statuses = [200, 204, 206, 304, 400, 404, 500];

    public bool EndsStream => (Flags & RawHttp2.EndStream) != 0;

    /// <summary>Of RST_STREAM and GOAWAY.</summary>
    public int ErrorCode => BinaryPrimitives.ReadInt32BigEndian(Payload.AsSpan(Type == RawHttp2.GoAway ? 4 : 0));

    /// <summary>Of HEADERS whose first field is <c>:status</c>: an entry of the static table, or its name and a literal.</summary>
    public int Status => Payload[0] >= 0x80
        ? Statuses[(Payload[0] & 0x7F) - 8]
        : int.Parse(Encoding.ASCII.GetString(Payload, 2, Payload[1]), CultureInfo.InvariantCulture);
}
