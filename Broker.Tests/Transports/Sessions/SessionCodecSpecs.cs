using System.Text;
using Broker.Node.Transports.Sessions;
using CsCheck;

namespace Broker.Tests.Transports.Sessions;

public sealed class SessionCodecSpecs
{
    [Fact]
    public void Request_and_answer_survive_the_way_in_pieces()
    {
        var body = Encoding.UTF8.GetBytes(new string('x', 200_000));
        var request = new SessionRequest(SessionRequestKind.Post, "0000002a-name") { Number = 3, Cursor = 4, Wait = TimeSpan.FromSeconds(5), Poll = 6, User = "ann", IsPart = true, Body = body };
        var read = SessionCodec.DecodeRequest(Whole(SessionCodec.Encode(request)).Span)!;
        Assert.Equal(request with { Body = default }, read with { Body = default });
        Assert.Equal(body, read.Body.ToArray());

        var answer = SessionCodec.DecodeAnswer(Whole(SessionCodec.Encode(new SessionAnswer(200, body))).Span)!.Value;
        Assert.Equal((200, 200_000), (answer.Status, answer.Body.Length));
    }

    [Fact]
    public void Pieces_of_which_one_is_missing_or_comes_twice_are_never_whole()
    {
        var parts = SessionPart.Cut(1, isAnswer: true, new byte[200_000]).ToArray();
        Assert.Equal(4, parts.Length);
        foreach (var order in new int[][] { [0, 2, 3], [0, 1, 1, 3], [1, 2, 3], [0, 0, 1, 2] })
        {
            var together = new SessionParts();
            Assert.All(order, one => Assert.Null(together.Add(parts[one])));
        }
    }

    [Fact]
    public void Bytes_of_no_form_are_read_as_nothing() => Gen.Byte.Array[0, 40].Sample(static bytes =>
    {
        SessionCodec.DecodePart(bytes);
        SessionCodec.DecodeRequest(bytes);
        SessionCodec.DecodeAnswer(bytes);
        byte[] right = [3, .. bytes];
        SessionCodec.DecodePart(right);
        SessionCodec.DecodeRequest(right);
        SessionCodec.DecodeAnswer(right);
    });

    private static ReadOnlyMemory<byte> Whole(byte[] bytes)
    {
        var together = new SessionParts();
        ReadOnlyMemory<byte>? whole = null;
        foreach (var part in SessionPart.Cut(9, isAnswer: false, bytes))
        {
            Assert.InRange(part.Bytes.Length, 1, SessionPart.Longest);
            whole = together.Add(SessionCodec.DecodePart(SessionCodec.Encode(part))!);
        }

        return whole!.Value;
    }
}
