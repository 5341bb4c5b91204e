using Broker.Node.Links;
using Broker.Protocol.Wire;
using CsCheck;

namespace Broker.Tests.Links;

public sealed class PiecesSpecs
{
    private const int Limit = 64;

    private static List<byte[]> Cut(byte[] payload)
    {
        List<byte[]> pieces = [];
        Pieces.Cut(new EnvelopeEntry(EntryKind.Publish, "t"u8, WireFormat.MessagePack, 7, 9, payload), Limit, piece =>
        {
            Assert.InRange(piece.Length, 1, Limit);
            ReadOnlySpan<byte> rest = piece.Bytes.Span;
            Assert.True(EnvelopeEntry.TryRead(ref rest, out var entry));
            Assert.True(rest.IsEmpty);
            Assert.Equal(EntryKind.Piece, entry.Kind);
            pieces.Add(entry.Payload.ToArray());
        });
        return pieces;
    }

    [Fact]
    public void An_entry_is_put_together_from_its_pieces() =>
        Gen.Byte.Array[50, 1000].Array[1, 3].Sample(payloads =>
        {
            var assembly = new PieceAssembly();
            foreach (var payload in payloads)
            {
                var pieces = Cut(payload);
                for (var n = 0; n < pieces.Count; n++)
                {
                    Assert.True(assembly.TryAdd(pieces[n], out var whole));
                    Assert.Equal(n == pieces.Count - 1, !whole.IsEmpty);
                    Assert.Equal(n == pieces.Count - 1, assembly.IsEmpty);
                    if (!whole.IsEmpty)
                    {
                        Assert.True(EnvelopeEntry.TryRead(ref whole, out var entry));
                        Assert.True(whole.IsEmpty);
                        Assert.Equal((EntryKind.Publish, WireFormat.MessagePack, 7L, 9L), (entry.Kind, entry.Format, entry.Origin, entry.Time));
                        Assert.Equal(payload, entry.Payload);
                    }
                }
            }
        });

    [Fact]
    public void A_cut_entry_counts_as_one_message()
    {
        var messages = 0;
        Pieces.Cut(new EnvelopeEntry(EntryKind.Publish, "t"u8, WireFormat.Json, 0, 0, new byte[1000]), Limit, piece => messages += piece.Messages);
        Assert.Equal(1, messages);
    }

    [Theory]
    // shorter than its head, and without bytes
    [InlineData("00000000 000000")]
    [InlineData("02000000 00000000")]
    // in the middle, nothing having begun; before the beginning
    [InlineData("04000000 02000000 01")]
    [InlineData("04000000 FFFFFFFF 01")]
    // more than the whole
    [InlineData("01000000 00000000 0102")]
    // above the bound; less than nothing
    [InlineData("01000001 00000000 01")]
    [InlineData("FFFFFFFF 00000000 01")]
    public void What_is_no_first_piece_is_refused(string hex)
    {
        var assembly = new PieceAssembly();
        Assert.False(assembly.TryAdd(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)), out _));
        Assert.True(assembly.IsEmpty);
    }

    [Fact]
    public void A_missing_piece_is_refused_and_after_the_gap_the_rest_is_passed_over()
    {
        var pieces = Cut(new byte[300]);
        var assembly = new PieceAssembly();
        Assert.True(assembly.TryAdd(pieces[0], out _));
        Assert.False(assembly.TryAdd(pieces[2], out _));
        assembly.Drop();
        Assert.True(assembly.IsEmpty);
        foreach (var piece in pieces[3..])
        {
            Assert.True(assembly.TryAdd(piece, out var whole));
            Assert.True(whole.IsEmpty);
        }

        // The next one is not touched by that, and a hole in it is seen again.
        Assert.True(assembly.TryAdd(pieces[0], out _));
        Assert.False(assembly.TryAdd(pieces[2], out _));
    }

    [Fact]
    public void A_piece_of_another_length_or_a_second_beginning_is_refused()
    {
        var (pieces, others) = (Cut(new byte[300]), Cut(new byte[301]));
        var assembly = new PieceAssembly();
        Assert.True(assembly.TryAdd(pieces[0], out _));
        Assert.False(assembly.TryAdd(others[1], out _));
        Assert.False(assembly.TryAdd(others[0], out _));
    }
}
