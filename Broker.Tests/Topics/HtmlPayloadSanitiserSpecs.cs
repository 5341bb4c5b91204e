using System.Text;
using System.Text.Json;
using Broker.Node.Topics;
using Broker.Protocol.Wire;
using Broker.Tests.Support;
using Broker.Tests.Wire;

namespace Broker.Tests.Topics;

public sealed class HtmlPayloadSanitiserSpecs
{
    private static readonly HtmlPayloadSanitiser Sanitiser = new(maxTags: 128);

    [Theory]
    [InlineData("<b>bold</b> and <i>more</i>", "<b>bold</b> and <i>more</i>")]
    [InlineData("<script>alert(1)</script>x", "x")]
    [InlineData("<img src=x onerror=alert(1)>", "<img src=\"x\">")]
    [InlineData("<a href=\"javascript:alert(1)\">x</a>", "<a>x</a>")]
    [InlineData("<a href=\"java&#10;script:alert(1)\">x</a>", "<a>x</a>")]
    [InlineData("<a href=\"data:text/html,x\">x</a>", "<a>x</a>")]
    [InlineData("<a href=\"https://example.com/\" target=_top id=x name=y>x</a>", "<a href=\"https://example.com/\">x</a>")]
    [InlineData("<a href=\"mailto:a@example.com\">x</a>", "<a href=\"mailto:a@example.com\">x</a>")]
    [InlineData("<p style=\"position:fixed\" class=x>x</p>", "<p>x</p>")]
    [InlineData("<form action=https://evil.example><input name=q></form>x", "x")]
    [InlineData("<svg><script>alert(1)</script></svg>x", "x")]
    [InlineData("<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>", "")]
    [InlineData("<iframe src=//evil.example></iframe>x", "x")]
    [InlineData("<<script>alert(1)//<</script>x", "&lt;x")]
    [InlineData("<b>open", "<b>open</b>")]
    [InlineData("1 < 2 & 3", "1 &lt; 2 &amp; 3")]
    [InlineData("Tom & Jerry > \"all\"", "Tom & Jerry > \"all\"")]
    public void Text_keeps_harmless_markup_only(string text, string expected)
    {
        Assert.Equal(expected, JsonSerializer.Deserialize<string>(Sanitise(WireFormat.Json, JsonSerializer.SerializeToUtf8Bytes(text)).Span));
        Assert.Equal(expected == text, Sanitise(WireFormat.Json, JsonSerializer.SerializeToUtf8Bytes(text)).Span.SequenceEqual(JsonSerializer.SerializeToUtf8Bytes(text)));
        Assert.Equal(MessagePackSamples.Encode(JsonSerializer.Serialize(expected)), Sanitise(WireFormat.MessagePack, MessagePackSamples.Encode(JsonSerializer.Serialize(text))).ToArray());
    }

    [Fact]
    public void Texts_at_every_level_are_sanitised_and_keys_are_not() =>
        Assert.Equal(
            """{"<script>":["",{"a":" <u>x</u>"}],"n":1.10}""",
            Encoding.UTF8.GetString(Sanitise(WireFormat.Json, """{"<script>":["<script>1</script>",{"a":" <u>x"}],"n":1.10}"""u8.ToArray()).Span));

    [Fact]
    public void Tags_of_all_texts_together_are_bounded()
    {
        Assert.True(Sanitiser.TrySanitise(WireFormat.Json, Texts(128), out _));
        Assert.False(Sanitiser.TrySanitise(WireFormat.Json, Texts(129), out _));
        Assert.False(Sanitiser.TrySanitise(WireFormat.MessagePack, MessagePackSamples.Encode(Encoding.UTF8.GetString(Texts(129))), out _));

        static byte[] Texts(int count) => JsonSerializer.SerializeToUtf8Bytes(Enumerable.Repeat("\u003cb>", count));
    }

    public static TheoryData<string, string> Hostile => new()
    {
        { "64 KiB of <b>", Repeat("<b>", 21_845) },
        { "64 KiB of <div>", Repeat("<div>", 13_107) },
        { "formatting that grows with the square", "<p>" + string.Concat(Enumerable.Range(0, 63).Select(static i => $"<b a{i}>")) + Repeat("<p>x", 64) },
        { "the deepest there may be", Repeat("<div>", 128) },
        { "tables in tables", Repeat("<table>x", 128) },
        { "64 KiB of attributes", "<b " + string.Concat(Enumerable.Range(0, 9000).Select(static i => $"a{i} ")) + ">x" },
        { "64 KiB of style", "<b style=\"" + Repeat("width:calc(", 5800) + "\">x" },
        { "a style sheet with deep values", "<style>a{width:calc(" + new string('(', 60_000) + "}</style>" },
        { "a style sheet with deep conditions", "<style>@supports " + new string('(', 60_000) + "</style>" },
        { "a style sheet with deep selectors", "<style>" + Repeat(":not(", 12_000) + "</style>" },
        { "a comment without an end", "<!--" + new string('-', 65_000) },
        { "half a tag", "<" + new string('a', 65_000) },
        { "a scheme of 64 KiB", "<a href='" + Repeat("a:", 32_000) + "'>x" },
    };

    [Theory]
    [MemberData(nameof(Hostile))]
    public void Hostile_text_costs_little_on_the_stack_of_any_thread(string what, string text)
    {
        var (taken, allocated) = (TimeSpan.Zero, 0L);
        var thread = new Thread(
            () =>
            {
                // The thread's own: other specs run beside this one.
                var began = ThreadTime.Now;
                var before = GC.GetAllocatedBytesForCurrentThread();
                Sanitiser.TrySanitise(WireFormat.Json, JsonSerializer.SerializeToUtf8Bytes(text), out _);
                allocated = GC.GetAllocatedBytesForCurrentThread() - before;
                taken = ThreadTime.Now - began;
            },
            maxStackSize: 256 * 1024);
        thread.Start();
        thread.Join();
        Assert.True(taken < TimeSpan.FromSeconds(2), $"{what} took {taken}");
        Assert.InRange(allocated, 0, 64 << 20);
    }

    [Fact]
    public void One_instance_serves_many_threads() =>
        Parallel.For(0, 200, static i => Assert.Equal(
            $"\"<b>{i}</b>\"", Encoding.UTF8.GetString(Sanitise(WireFormat.Json, JsonSerializer.SerializeToUtf8Bytes($"<b onclick=x>{i}<script>")).Span)));

    private static string Repeat(string text, int times) => string.Concat(Enumerable.Repeat(text, times));

    private static ReadOnlyMemory<byte> Sanitise(WireFormat format, byte[] data)
    {
        Assert.True(Sanitiser.TrySanitise(format, data, out var sanitised));
        return sanitised;
    }
}
