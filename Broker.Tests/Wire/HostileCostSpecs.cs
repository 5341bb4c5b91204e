using System.Buffers.Binary;
using System.Diagnostics;
using System.Reflection;
using System.Text;
using Broker.Protocol.Wire;
using Broker.Tests.Support;

namespace Broker.Tests.Wire;

/// <summary>
/// The most expensive messages somebody could think of, at the size a client may send and at that of the server's API: a decoder
/// answers what a client may send in 5 ms of processor time. Best of several runs, on the thread's own clock.
/// </summary>
public sealed class HostileCostSpecs
{
    private const int Client = 64 * 1024;
    private const int Api = 1024 * 1024;

    /// <summary>Code that is not optimised takes three times as long, and is in no release.</summary>
    private static readonly TimeSpan Bound = TimeSpan.FromMilliseconds(IsOptimised ? 5 : 20);

    private static bool IsOptimised => typeof(JsonWireCodec).Assembly.GetCustomAttribute<DebuggableAttribute>() is not { IsJITOptimizerDisabled: true };

    private static readonly Dictionary<string, Func<int, string>> Texts = new()
    {
        ["open brackets"] = static size => new string('[', size),
        ["open braces"] = static size => Repeat("{\"a\":", size),
        ["levels that close"] = static size => new string('[', size / 2) + new string(']', size / 2),
        ["65 levels again and again"] = static size => "[" + Repeat(new string('[', 65) + new string(']', 65) + ",", size) + "1]",
        ["digits"] = static size => new string('1', size),
        ["digits in data"] = static size => Publish(new string('1', size)),
        ["an exponent of digits"] = static size => Publish("1e" + new string('9', size)),
        ["1e400 again and again"] = static size => Publish("[" + Repeat("1e400,", size) + "1]"),
        ["keys"] = static size => "{" + Join(size, static i => $"\"{i}\":1") + "}",
        ["keys in data"] = static size => Publish("{" + Join(size, static i => $"\"{i}\":1") + "}"),
        ["long keys that end differently"] = static size => Publish("{" + Join(size, static i => $"\"{new string('k', 500)}{i}\":1") + "}"),
        ["escaped keys"] = static size => Publish("{" + Join(size, static i => $"\"\\u006b{i}\":1") + "}"),
        ["the same key at the end"] = static size => Publish("{" + Join(size, static i => $"\"{i}\":1") + ",\"0\":1}"),
        ["maps of one key"] = static size => Publish("[" + Repeat("{\"a\":1},", size) + "1]"),
        ["commas"] = static size => "[" + new string(',', size) + "]",
        ["quotes"] = static size => new string('"', size),
        ["backslashes"] = static size => Publish("\"" + new string('\\', size)),
        ["escapes"] = static size => Publish("\"" + Repeat("\\u0041", size) + "\""),
        ["surrogates in halves"] = static size => Publish("\"" + Repeat("\\ud800", size) + "\""),
        ["blanks"] = static size => new string(' ', size),
        ["messages"] = static size => "[" + Repeat("{\"type\":\"ping\"},", size) + "{\"type\":\"ping\"}]",
        ["messages that are none"] = static size => "[" + Repeat("0,", size) + "0]",
        ["a topic"] = static size => $$"""{"type":"subscribe","topic":"{{new string('a', size)}}"}""",
        ["an id"] = static size => $$"""{"type":"ping","id":"{{new string('a', size)}}"}""",
        ["a type"] = static size => $$"""{"type":"{{new string('a', size)}}"}""",
    };

    private static readonly Dictionary<string, Func<int, byte[]>> Binaries = new()
    {
        ["open arrays"] = static size => Fill(size, 0x91),
        ["open maps"] = static size => Fill(size, 0x81, 0xA1, (byte)'a'),
        ["nils"] = static size => [.. Array16(size), .. Fill(size, 0xC0)],
        ["keys"] = static size => Keys(size),
        ["maps of one key"] = static size => Fill(size, 0x81, 0xA1, (byte)'a', 0xC0),
        ["text"] = static size => [0xDB, .. Big(size), .. Fill(size, (byte)'a')],
        ["bytes"] = static size => [0xC6, .. Big(size), .. Fill(size, 0xFF)],
        ["text that is no UTF-8"] = static size => [0xDB, .. Big(size), .. Fill(size - 1, (byte)'a'), 0xFF],
        ["a count without its elements"] = static size => [0xDD, 0xFF, 0xFF, 0xFF, 0xFF, .. Fill(size, 0xC0)],
        ["floats"] = static size => [.. Array16(size), .. Fill(size, 0xCB, 0x7F, 0xEF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF)],
    };

    public static TheoryData<string, int> Json => Data(Texts.Keys);

    public static TheoryData<string, int> MessagePack => Data(Binaries.Keys);

    [Theory]
    [MemberData(nameof(Json))]
    public void Json_is_answered_within_5_ms(string what, int size) =>
        IsCheap(JsonWireCodec.Instance, what, Encoding.UTF8.GetBytes(Texts[what](size - 60)));

    [Theory]
    [MemberData(nameof(MessagePack))]
    public void MessagePack_is_answered_within_5_ms(string what, int size) =>
        IsCheap(MessagePackWireCodec.Instance, what, [0x83, 0xA4, .. "type"u8, 0xA7, .. "publish"u8, 0xA5, .. "topic"u8, 0xA1, (byte)'t', 0xA4, .. "data"u8, .. Binaries[what](size - 40)]);

    private static void IsCheap(IWireCodec codec, string what, byte[] frame)
    {
        var list = new ClientMessageList();
        var error = codec.Decode(frame, list);
        var time = ThreadTime.Best(7, () => codec.Decode(frame, list));
        TestContext.Current.TestOutputHelper!.WriteLine($"{what}, {frame.Length} bytes: {time.TotalMilliseconds:F2} ms, {error}");

        // What is a megabyte comes from the application alone, and may cost as many times more as it is longer.
        Assert.InRange(time, TimeSpan.Zero, frame.Length <= Client ? Bound : Bound * (Api / Client));
    }

    private static TheoryData<string, int> Data(IEnumerable<string> names)
    {
        TheoryData<string, int> data = [];
        foreach (var name in names)
        {
            data.Add(name, Client);
            data.Add(name, Api);
        }

        return data;
    }

    private static string Publish(string data) => $$"""{"type":"publish","topic":"t","data":{{data}}}""";

    private static string Repeat(string part, int size) => string.Concat(Enumerable.Repeat(part, Math.Max(1, size / part.Length)));

    private static string Join(int size, Func<int, string> part)
    {
        var text = new StringBuilder(size + 600);
        for (var i = 0; text.Length < size - 600 || i == 0; i++)
        {
            text.Append(i == 0 ? "" : ",").Append(part(i));
        }

        return text.ToString();
    }

    private static byte[] Fill(int size, params byte[] pattern) =>
        [.. Enumerable.Repeat(pattern, Math.Max(1, size / pattern.Length)).SelectMany(static part => part)];

    private static byte[] Array16(int size) => [0xDD, .. Big(size)];

    private static byte[] Big(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }

    /// <summary>A map of as many different keys of four bytes as fit.</summary>
    private static byte[] Keys(int size)
    {
        var count = size / 6;
        var map = new List<byte>(size) { 0xDF };
        map.AddRange(Big(count));
        for (var i = 0; i < count; i++)
        {
            map.AddRange([0xA4, (byte)('a' + (i & 15)), (byte)('a' + ((i >> 4) & 15)), (byte)('a' + ((i >> 8) & 15)), (byte)('a' + (i >> 12)), 0xC0]);
        }

        return [.. map];
    }
}
