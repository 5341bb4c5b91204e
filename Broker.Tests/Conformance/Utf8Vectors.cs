using System.Text;

namespace Broker.Tests.Conformance;

/// <summary>Right and wrong UTF-8 by groups, made with the bit patterns of RFC 2279, whose sequences of up to 6 bytes RFC 3629 cut down.</summary>
internal static class Utf8Vectors
{
    /// <summary>Letters of 2, 3, 2, 2 and 2 bytes.</summary>
    public static readonly byte[] Letters = Encoding.UTF8.GetBytes("π€éЖא");

    private static readonly int[] LastOfLength = [0x7F, 0x7FF, 0xFFFF, 0x1F_FFFF, 0x3FF_FFFF, 0x7FFF_FFFF];

    /// <summary>In the order of the case numbers 6.5 to 6.23; each group has its vectors in order.</summary>
    public static IReadOnlyList<(string Title, IReadOnlyList<(byte[] Bytes, bool Valid)> Vectors)> Groups { get; } =
    [
        ("text with a letter of each length", Right([Around(0x24), Around(0xA2), Around(0x20AC), Around(0x24B62), Letters])),
        ("every beginning of a text", [.. Enumerable.Range(1, Letters.Length).Select(static n => (Letters[..n], n is 2 or 5 or 7 or 9 or 11))]),
        ("the first code point of 1 to 4 bytes", Right([Encode(0, 1), Encode(0x80, 2), Encode(0x800, 3), Encode(0x1_0000, 4)])),
        ("the first sequence of 5 and 6 bytes", Wrong([Encode(0x20_0000, 5), Encode(0x400_0000, 6)])),
        ("the last code point of 1 to 4 bytes", Right([Encode(0x7F, 1), Encode(0x7FF, 2), Encode(0xFFFF, 3), Encode(0x10_FFFF, 4)])),
        ("the last sequence of 4 to 6 bytes", Wrong([.. Enumerable.Range(4, 3).Select(static n => Encode(LastOfLength[n - 1], n))])),
        ("code points at the edges of gaps", [.. Right([Encode(0xD7FF, 3), Encode(0xE000, 3), Encode(0xFFFD, 3), Encode(0x10_FFFF, 4)]), .. Wrong([Encode(0x11_0000, 4)])]),
        ("continuation bytes that continue nothing", Wrong([[0x80], [0xBF], .. Enumerable.Range(2, 5).Select(static n => Alternating(n)), Bytes(0x80, 0xBF)])),
        ("first bytes without what follows", Wrong([Lonely(0xC0, 0xDF), Lonely(0xE0, 0xEF), Lonely(0xF0, 0xF7), Lonely(0xF8, 0xFB), Lonely(0xFC, 0xFD)])),
        ("sequences without their last byte", Wrong(CutShort)),
        ("all of those in a row", Wrong([[.. CutShort.SelectMany(static bytes => bytes)]])),
        ("bytes that never occur", Wrong([[0xFE], [0xFF], [0xFE, 0xFE, 0xFF, 0xFF]])),
        ("a slash in too many bytes", Wrong(Overlong(static _ => '/'))),
        ("the last code point of one byte fewer", Wrong(Overlong(static n => LastOfLength[n - 2]))),
        ("NUL in too many bytes", Wrong(Overlong(static _ => 0))),
        ("a surrogate", Wrong([.. Codes(0xD800, 0xDB7F, 0xDB80, 0xDBFF, 0xDC00, 0xDF80, 0xDFFF)])),
        ("a pair of surrogates", Wrong([.. from high in Codes(0xD800, 0xDB7F, 0xDB80, 0xDBFF) from low in Codes(0xDC00, 0xDFFF) select (byte[])[.. high, .. low]])),
        ("the last two code points of each plane", Right([.. from plane in Enumerable.Range(0, 17) from last in new[] { 0xFFFE, 0xFFFF } select Encode((plane << 16) | last, plane == 0 ? 3 : 4)])),
        ("the specials before them", Right([.. Enumerable.Range(0xFFF9, 7).Select(static code => Encode(code, 3))])),
    ];

    private static byte[][] CutShort =>
        [.. Enumerable.Range(2, 5).Select(static n => Encode(0, n)[..^1]), .. Enumerable.Range(2, 5).Select(static n => Encode(LastOfLength[n - 1], n)[..^1])];

    /// <summary>The bits of a value in a sequence of 1 to 6 bytes, whether they need so many or not.</summary>
    public static byte[] Encode(int value, int length)
    {
        if (length == 1)
        {
            return [(byte)value];
        }

        var bytes = new byte[length];
        for (var i = length - 1; i > 0; i--, value >>= 6)
        {
            bytes[i] = (byte)(0x80 | (value & 0x3F));
        }

        bytes[0] = (byte)((0xFF << (8 - length)) | value);
        return bytes;
    }

    private static byte[] Around(int code) => [.. "before "u8, .. Encoding.UTF8.GetBytes(char.ConvertFromUtf32(code)), .. " behind"u8];

    private static byte[] Alternating(int count) => [.. Enumerable.Range(0, count).Select(static i => i % 2 == 0 ? (byte)0x80 : (byte)0xBF)];

    private static byte[] Bytes(int first, int last) => [.. Enumerable.Range(first, last - first + 1).Select(static value => (byte)value)];

    private static byte[] Lonely(int first, int last) => [.. Bytes(first, last).SelectMany(static value => new[] { value, (byte)' ' })];

    private static byte[][] Overlong(Func<int, int> value) => [.. Enumerable.Range(2, 5).Select(n => Encode(value(n), n))];

    private static byte[][] Codes(params int[] codes) => [.. codes.Select(static code => Encode(code, 3))];

    private static (byte[], bool)[] Right(byte[][] vectors) => [.. vectors.Select(static bytes => (bytes, true))];

    private static (byte[], bool)[] Wrong(byte[][] vectors) => [.. vectors.Select(static bytes => (bytes, false))];
}
