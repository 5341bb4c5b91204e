using System.Text;
using Broker.Fuzz.Engine;
using Broker.Node.Configuration.Hocon;
using Broker.Node.Hosting;

namespace Broker.Fuzz.Targets;

/// <summary>
/// A configuration file and, behind a form feed, the file it may include: read, resolved, its scalars understood and
/// written out; a fault is an error with a place, and what was written out reads as the same tree.
/// </summary>
internal sealed class HoconTarget : FuzzTarget
{
    private static readonly Dictionary<string, string> Environment = new() { ["HOME"] = "/root", ["a.b"] = "${x}", ["E"] = "" };

    public override string Name => "hocon";

    public override int MaxLength => 768;

    // A file may say a value many times over by substitution, up to the limit.
    public override long MaxAllocation => 96 * 1024 * 1024;

    public override IReadOnlyList<byte[]> Dictionary { get; } = Tokens(
        "{", "}", "[", "]", "=", ":", ",", ".", "\n", "\r\n", " ", "\t", "\"", "\"\"\"", "\\", "\\u0041", "\\ud800", "\\n", "#", "//", "/", "$", "${", "${?", "${a}", "${?a.b}", "${HOME}", "+=", "include ", "include \"b\"\n",
        "include file(\"b\")", "include \"built-in/x\"", "\u000c", "\u00ef\u00bb\u00bf", "\0", "null", "on", "off", "10s", "1.5KiB", "a=1\n", "a.b.c=", "a{b{c{", "a=[[[[[[", "x=${x}", "a=${b}\nb=${a}\n", "a={b=1}\na={c=${a.b}}\n", "\u00c2\u00a0", "\u00c3\u00a9");

    public override void Run(ReadOnlySpan<byte> input)
    {
        var split = input.IndexOf((byte)'\f');
        var main = Encoding.UTF8.GetString(split < 0 ? input : input[..split]);
        var included = split < 0 ? null : Encoding.UTF8.GetString(input[(split + 1)..]);
        var reader = new HoconReader(_ => included);
        var tree = reader.ReadText("main.conf", main);
        Promise.Holds(tree is null == reader.Error is not null, "neither a tree nor an error, or both");
        if (tree is null)
        {
            CheckError(reader.Error!);
            return;
        }

        var resolver = new HoconResolver(tree, Environment);
        var resolved = resolver.Resolve();
        Promise.Holds(resolved is null == resolver.Error is not null, "neither a resolved tree nor an error, or both");
        if (resolved is null)
        {
            CheckError(resolver.Error!);
            return;
        }

        Understand(resolved);
        var text = AkkaConfig.Render(resolved);
        var again = new HoconReader(_ => null).ReadText("again.conf", text);

        // Written out, shared values may be longer than what a file may have.
        Promise.Holds(again is not null || text.Length > HoconLimits.Characters, "what was written out does not read");
        Promise.Holds(again is null || AkkaConfig.Render(again) == text, "what was written out reads as another tree");
    }

    private static void CheckError(HoconError error)
    {
        Promise.Holds(error.Position.File.Length > 0 && error.Position.Line >= 0, "an error without a place");
        var text = error.ToString();
        Promise.Holds(text.Length < 1100 && !text.Contains('\n', StringComparison.Ordinal), "an error of several lines");
    }

    private static void Understand(HoconNode node)
    {
        switch (node)
        {
            case HoconObject source:
                foreach (var (_, value) in source.Members)
                {
                    Understand(value);
                }

                break;
            case HoconArray array:
                foreach (var item in array.Items)
                {
                    Understand(item);
                }

                break;
            default:
                var text = ((HoconScalar)node).Text;
                HoconUnits.Switch(text);
                HoconUnits.Integer(text);
                Promise.Holds(HoconUnits.Duration(text) is not { Ticks: < 0 } && HoconUnits.Size(text) is not < 0, "a negative duration or size");
                break;
        }
    }
}
