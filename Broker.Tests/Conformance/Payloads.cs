using System.Text;

namespace Broker.Tests.Conformance;

/// <summary>Payloads of cases that are about their size or their kind, the same in every run.</summary>
internal static class Payloads
{
    private const int DataBytes = 400_000;
    private static readonly Lazy<string> LazyJson = new(static () => Build(AddRecord));
    private static readonly Lazy<string> LazyHtml = new(static () => Build(AddRow));
    private static readonly Lazy<byte[]> LazyProse = new(static () => Encoding.UTF8.GetBytes(Build(AddSentence)));
    private static readonly Lazy<byte[]> LazyImage = new(MakeImage);
    private static readonly Lazy<byte[]> LazyDocument = new(MakeDocument);

    /// <summary>JSON with characters of several bytes.</summary>
    public static string Json => LazyJson.Value;

    public static string Html => LazyHtml.Value;

    /// <summary>Sentences of made-up words.</summary>
    public static byte[] Prose => LazyProse.Value;

    /// <summary>A grey picture: neighbours are alike, but seldom equal.</summary>
    public static byte[] Image => LazyImage.Value;

    /// <summary>Some structure around parts that do not compress.</summary>
    public static byte[] Document => LazyDocument.Value;

    public static byte[] Repeat(byte value, int count)
    {
        var bytes = new byte[count];
        bytes.AsSpan().Fill(value);
        return bytes;
    }

    /// <summary>Printable ASCII, or bytes that are no text.</summary>
    public static byte[] Of(int opcode, int count)
    {
        var bytes = new byte[count];
        new Random(count).NextBytes(bytes);
        if (opcode == 1)
        {
            for (var i = 0; i < count; i++)
            {
                bytes[i] = (byte)(' ' + (bytes[i] % 95));
            }
        }

        return bytes;
    }

    private static string Build(Action<StringBuilder, Random> add)
    {
        var (text, random) = (new StringBuilder(), new Random(7692));
        while (text.Length < DataBytes)
        {
            add(text, random);
        }

        return text.ToString();
    }

    private static void AddRecord(StringBuilder text, Random random) =>
        text.Append($$"""{"id":{{random.Next()}},"name":"{{Word(random)}} {{Word(random)}}","price":"{{random.Next(1000)}},{{random.Next(10, 100)}} €","tags":["{{Word(random)}}","жук","日本"],"open":{{(random.Next(2) == 0 ? "true" : "false")}}},""").Append('\n');

    private static void AddRow(StringBuilder text, Random random) =>
        text.Append($"<tr class=\"row\"><td><a href=\"/{Word(random)}/{random.Next(10_000)}\">{Word(random)} {Word(random)}</a></td><td>{random.Next(1_000_000)}</td><td>größer &amp; {Word(random)}</td></tr>\n");

    private static void AddSentence(StringBuilder text, Random random)
    {
        for (var words = random.Next(4, 18); words > 0; words--)
        {
            text.Append(Word(random)).Append(words == 1 ? ".\n" : " ");
        }
    }

    private static string Word(Random random)
    {
        string[] syllables = ["ba", "de", "fül", "gra", "hen", "ke", "lo", "mas", "nie", "ron", "schla", "tis", "wun", "zer"];
        return string.Concat(Enumerable.Range(0, random.Next(1, 5)).Select(_ => syllables[random.Next(syllables.Length)]));
    }

    private static byte[] MakeImage()
    {
        var random = new Random(512);
        var bytes = new byte[DataBytes];
        for (var i = 1; i < bytes.Length; i++)
        {
            bytes[i] = (byte)(bytes[i - 1] + random.Next(-3, 4));
        }

        return bytes;
    }

    private static byte[] MakeDocument()
    {
        var random = new Random(1932);
        var bytes = new List<byte>(DataBytes + 8192);
        for (var i = 1; bytes.Count < DataBytes; i++)
        {
            var stream = new byte[random.Next(500, 8000)];
            random.NextBytes(stream);
            bytes.AddRange([.. Encoding.ASCII.GetBytes($"{i} 0 obj\n<< /Length {stream.Length} /Filter /FlateDecode >>\nstream\n"), .. stream, .. "\nendstream\nendobj\n"u8]);
        }

        return [.. bytes];
    }
}
