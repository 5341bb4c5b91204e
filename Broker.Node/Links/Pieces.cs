using System.Buffers;
using System.Buffers.Binary;

namespace Broker.Node.Links;

/// <summary>
/// Cuts an entry that is too large for an envelope. A piece is an entry whose payload is, little-endian: bytes of the whole
/// entry (4), where in it this piece begins (4), its bytes. The pieces of one entry stand one behind the other on a link.
/// </summary>
internal static class Pieces
{
    /// <summary>In the payload of a piece, before its bytes.</summary>
    public const int Head = 4 + 4;

    /// <param name="entry">Larger than <paramref name="limit"/>.</param>
    /// <param name="limit">Bytes of an envelope.</param>
    /// <param name="cut">Takes each piece; the last counts as the message.</param>
    public static void Cut(in EnvelopeEntry entry, int limit, Action<Segment> cut)
    {
        var total = entry.Length;
        var whole = ArrayPool<byte>.Shared.Rent(total);
        var size = limit - EnvelopeEntry.Overhead - Head;
        entry.Write(whole);
        for (var from = 0; from < total; from += size)
        {
            var length = Math.Min(size, total - from);
            var payload = new byte[EnvelopeEntry.Overhead + Head + length];
            var content = payload.AsSpan(EnvelopeEntry.Overhead);
            BinaryPrimitives.WriteInt32LittleEndian(content, total);
            BinaryPrimitives.WriteInt32LittleEndian(content[4..], from);
            whole.AsSpan(from, length).CopyTo(content[Head..]);
            new EnvelopeEntry(EntryKind.Piece, default, default, 0, 0, content).Write(payload);
            cut(new Segment(payload, from + length == total ? 1 : 0));
        }

        ArrayPool<byte>.Shared.Return(whole);
    }
}

/// <summary>Puts the pieces of one entry together: at most one at a time on a link and direction. Not thread-safe.</summary>
internal sealed class PieceAssembly
{
    /// <summary>The largest entry that is put together.</summary>
    public const int MaxEntry = 16 * 1024 * 1024;

    private byte[] _bytes = [];
    private int _length;
    private bool _passesOver;

    /// <summary>Nothing is under assembly.</summary>
    public bool IsEmpty => _length == 0;

    /// <summary>A gap: what was begun is given up, and what is left of it is passed over.</summary>
    public void Drop()
    {
        Clear();
        _passesOver = true;
    }

    /// <summary>False: this is not the piece that comes next, and no gap has been shown for that.</summary>
    /// <param name="piece">Payload of the entry.</param>
    /// <param name="whole">The entry, if this was its last piece; else empty.</param>
    public bool TryAdd(ReadOnlySpan<byte> piece, out ReadOnlySpan<byte> whole)
    {
        whole = default;
        if (piece.Length <= Pieces.Head)
        {
            return false;
        }

        var total = BinaryPrimitives.ReadInt32LittleEndian(piece);
        var from = BinaryPrimitives.ReadInt32LittleEndian(piece[4..]);
        var bytes = piece[Pieces.Head..];
        if (from > 0 && _passesOver)
        {
            return true;
        }

        if (from != _length || total is < 0 or > MaxEntry || bytes.Length > total - from || (from > 0 && total != _bytes.Length))
        {
            return false;
        }

        if (from == 0)
        {
            _passesOver = false;
            _bytes = new byte[total];
        }

        bytes.CopyTo(_bytes.AsSpan(from));
        _length += bytes.Length;
        if (_length == total)
        {
            whole = _bytes;
            Clear();
        }

        return true;
    }

    private void Clear()
    {
        _bytes = [];
        _length = 0;
    }
}
