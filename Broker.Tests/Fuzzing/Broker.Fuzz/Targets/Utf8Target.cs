using System.Buffers;
using System.Text;
using System.Text.Unicode;
using Broker.Fuzz.Engine;
using Broker.Protocol.Frames;

namespace Broker.Fuzz.Targets;

/// <summary>UTF-8 in parts against the runtime's own decoder: valid or not, and at the same byte however it is cut.</summary>
internal sealed class Utf8Target : FuzzTarget
{
    public override string Name => "utf8";

    public override int MaxLength => 512;

    public override IReadOnlyList<byte[]> Dictionary { get; } =
        Tokens("\u00c2\u0080", "\u00c0\u0080", "\u00e0\u00a0\u0080", "\u00ed\u00a0\u0080", "\u00ed\u009f\u00bf", "\u00f0\u0090\u0080\u0080", "\u00f4\u008f\u00bf\u00bf", "\u00f4\u0090", "\u00f5", "\u00ef\u00bb\u00bf", "\u0080");

    public override void Run(ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty)
        {
            return;
        }

        var text = input[1..];
        var validator = default(Utf8Validator);
        var whole = validator.Append(text);
        Promise.Holds(whole == IsPrefix(text, out var complete), "a prefix is judged wrongly");
        Promise.Holds(!whole || validator.IsComplete == complete, "the end is judged wrongly");
        Promise.Holds((whole && validator.IsComplete) == Utf8.IsValid(text), "the whole is judged wrongly");

        var cuts = new Cuts(input[0]);
        var parts = default(Utf8Validator);
        var valid = true;
        var taken = 0;
        while (valid && taken < text.Length)
        {
            var next = cuts.Next(text.Length - taken);
            valid = parts.Append(text.Slice(taken, next));
            Promise.Holds(valid == IsPrefix(text[..(taken + next)], out _), "a fault shows too late, or where none is");
            taken += next;
        }

        Promise.Holds(valid == whole && (!valid || parts.IsComplete == complete), "cut differs from whole");
    }

    private static bool IsPrefix(ReadOnlySpan<byte> text, out bool complete)
    {
        while (!text.IsEmpty)
        {
            switch (Rune.DecodeFromUtf8(text, out _, out var consumed))
            {
                case OperationStatus.Done:
                    text = text[consumed..];
                    break;
                case OperationStatus.NeedMoreData:
                    complete = false;
                    return true;
                default:
                    complete = false;
                    return false;
            }
        }

        complete = true;
        return true;
    }
}
