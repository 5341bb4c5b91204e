using System.Text;
using Broker.Tests.Support;

namespace Broker.Tests.Conformance;

/// <summary>Category 6: text must be UTF-8 (RFC 6455 section 8.1, RFC 3629).</summary>
internal static class Utf8Cases
{
    private static readonly byte[] Text = Encoding.UTF8.GetBytes("Zwölf Boxkämpfer, 5 € – schön!");

    // A code point of 110000: what comes before and behind is right, and its second byte is the first that is wrong.
    private static readonly byte[] Before = Utf8Vectors.Letters;
    private static readonly byte[] Wrong = Utf8Vectors.Encode(0x11_0000, 4);
    private static readonly byte[] Behind = "and more"u8.ToArray();

    public static IEnumerable<ConformanceCase> All =>
    [
        new("6.1.1", "empty text", static () => Script.Echo([Step.Frame(1)], PeerEvent.Text([]))),
        new("6.1.2", "empty text in three fragments", static () => Script.Echo([Step.Together(Step.Frame(1, "", fin: false), Step.Frame(0, "", fin: false), Step.Frame(0))], PeerEvent.Text([]))),
        new("6.1.3", "text in the second of three fragments, the others empty", static () => Script.Echo([Step.Together(Step.Frame(1, "", fin: false), Step.Frame(0, "middle", fin: false), Step.Frame(0))], PeerEvent.Text("middle"u8))),
        new("6.2.1", "text with letters of several bytes", static () => Script.Echo([Step.Frame(1, Text)], PeerEvent.Text(Text))),
        new("6.2.2", "the same in two fragments, cut between letters", static () => Script.Echo([Step.Frame(1, Text.AsSpan(0, 4), fin: false), Step.Frame(0, Text.AsSpan(4))], PeerEvent.Text(Text))),
        new("6.2.3", "the same in fragments of one byte", static () => FragmentCases.Fragmented(1, Text, 1)),
        new("6.2.4", "letters of several bytes alone in fragments of one byte", static () => FragmentCases.Fragmented(1, Utf8Vectors.Letters, 1)),
        new("6.3.1", "text with a surrogate in it", static () => Invalid(Surrogate, int.MaxValue)),
        new("6.3.2", "the same in fragments of one byte", static () => Invalid(Surrogate, 1)),
        new("6.4.1", "a right fragment, one that ends in a wrong code point, and the rest", static () => FailsFastByFrames([.. Before], [.. Wrong])),
        new("6.4.2", "fragments cut before and behind the wrong byte", static () => FailsFastByFrames([.. Before, Wrong[0]], [Wrong[1]])),
        new("6.4.3", "one frame in pieces: right, a wrong code point, the rest", static () => FailsFastInFrame([.. Before], [.. Wrong])),
        new("6.4.4", "one frame in pieces cut before and behind the wrong byte", static () => FailsFastInFrame([.. Before, Wrong[0]], [Wrong[1]])),
        .. Vectors(),
    ];

    private static byte[] Surrogate => [.. Before, .. Utf8Vectors.Encode(0xD800, 3), .. Behind];

    private static IEnumerable<ConformanceCase> Vectors()
    {
        var group = 5;
        foreach (var (title, vectors) in Utf8Vectors.Groups)
        {
            var number = 1;
            foreach (var (bytes, valid) in vectors)
            {
                yield return new($"6.{group}.{number++}", $"{title}: {Step.Start(bytes)}", () => valid ? Script.Echo([Step.Frame(1, bytes)], PeerEvent.Text(bytes)) : Invalid(bytes, int.MaxValue));
            }

            group++;
        }
    }

    private static Script Invalid(byte[] bytes, int fragment) => Script.Fault(1007, [new Step.Message(1, bytes, fragment)]);

    // The pong says that the first fragment was taken. What is wrong is refused before the rest comes; the RFC leaves the time open.
    private static Script FailsFastByFrames(byte[] right, byte[] wrong)
    {
        var rest = Rest(right, wrong);
        var pong = PeerEvent.Pong("taken?"u8);
        return new Script(
            [Step.Frame(1, right, fin: false), Step.Frame(9, "taken?"), new Step.Await(1), Step.Frame(0, wrong, fin: false), new Step.AwaitFailure(), Step.Frame(0, rest)],
            [pong],
            Ending.Fails(1007))
        {
            Tolerated = [pong, PeerEvent.WentOn],
        };
    }

    private static Script FailsFastInFrame(byte[] right, byte[] wrong)
    {
        var frame = TestFrame.Build(1, [.. right, .. wrong, .. Rest(right, wrong)]);
        var head = frame.Length - right.Length - wrong.Length - Rest(right, wrong).Length;
        var (first, second) = (head + right.Length, head + right.Length + wrong.Length);
        return new Script(
            [Piece(frame[..first], "right"), Piece(frame[first..second], "wrong"), new Step.AwaitFailure(), Piece(frame[second..], "the rest")],
            [],
            Ending.Fails(1007))
        {
            Tolerated = [PeerEvent.WentOn],
        };
    }

    private static byte[] Rest(byte[] right, byte[] wrong) => [.. Wrong.AsSpan(right.Length + wrong.Length - Before.Length), .. Behind];

    private static Step.Bytes Piece(byte[] bytes, string what) => new(bytes, $"{bytes.Length} bytes of a frame, {what}", int.MaxValue, Closes: false);
}
