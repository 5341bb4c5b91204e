namespace Broker.Tests.Deflate;

/// <summary>Writes deflate blocks bit by bit (RFC 1951 section 3.1.1).</summary>
internal sealed class BitWriter
{
    private readonly List<byte> _bytes = [];
    private int _used = 8;

    public byte[] Bytes => [.. _bytes];

    /// <summary>A number, from its lowest bit on.</summary>
    public BitWriter Number(int value, int bits)
    {
        for (var i = 0; i < bits; i++)
        {
            Bit((value >> i) & 1);
        }

        return this;
    }

    /// <summary>A Huffman code, from its highest bit on.</summary>
    public BitWriter Code(int code, int bits)
    {
        for (var i = bits - 1; i >= 0; i--)
        {
            Bit((code >> i) & 1);
        }

        return this;
    }

    /// <summary>Start of a block: 0 stored, 1 fixed, 2 dynamic, 3 reserved.</summary>
    public BitWriter Block(int type, bool final = false) => Number(final ? 1 : 0, 1).Number(type, 2);

    /// <summary>A literal of a fixed block.</summary>
    public BitWriter Literal(byte value) => value < 144 ? Code(0x30 + value, 8) : Code(0x190 + value - 144, 9);

    /// <summary>A symbol from 256 to 279 of a fixed block.</summary>
    public BitWriter Symbol(int symbol) => Code(symbol - 256, 7);

    public BitWriter EndOfBlock() => Symbol(256);

    /// <summary>Three to ten bytes from up to four, or exactly 5 to 8, bytes before, in a fixed block.</summary>
    public BitWriter Reference(int length, int distance)
    {
        Symbol(254 + length);
        return distance <= 4 ? Code(distance - 1, 5)
            : distance <= 6 ? Code(4, 5).Number(distance - 5, 1)
            : Code(5, 5).Number(distance - 7, 1);
    }

    /// <summary>The stored block whose last four bytes are not sent.</summary>
    public byte[] End()
    {
        Block(0);
        _used = 8;
        return Bytes;
    }

    public BitWriter Align()
    {
        _used = 8;
        return this;
    }

    public BitWriter Raw(params byte[] bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    private void Bit(int bit)
    {
        if (_used == 8)
        {
            _bytes.Add(0);
            _used = 0;
        }

        _bytes[^1] |= (byte)(bit << _used++);
    }
}
