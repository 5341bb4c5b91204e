using System.Text;
using Broker.Protocol.Frames;
using CsCheck;

namespace Broker.Tests.Frames;

public sealed class Utf8ValidatorSpecs
{
    private static readonly UTF8Encoding Strict = new(false, true);

    /// <summary>Index of the byte that is refused when they come one by one; -1: none is.</summary>
    private static int RefusedAt(ReadOnlySpan<byte> bytes, out bool complete)
    {
        var validator = default(Utf8Validator);
        for (var i = 0; i < bytes.Length; i++)
        {
            if (!validator.Append(bytes[i..(i + 1)]))
            {
                complete = false;
                return i;
            }
        }

        complete = validator.IsComplete;
        return -1;
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("00", true)]
    [InlineData("7F", true)]
    [InlineData("C280", true)] // U+0080
    [InlineData("DFBF", true)]
    [InlineData("E0A080", true)] // U+0800
    [InlineData("ED9FBF", true)] // U+D7FF
    [InlineData("EE8080", true)] // U+E000
    [InlineData("EFBFBE", true)] // U+FFFE, a non-character
    [InlineData("EFBBBF41", true)] // BOM
    [InlineData("F0908080", true)] // U+10000
    [InlineData("F48FBFBF", true)] // U+10FFFF
    [InlineData("C2", false)]
    [InlineData("E0A0", false)]
    [InlineData("F09080", false)]
    public void Valid_text_is_taken_and_its_end_known(string hex, bool complete)
    {
        Assert.Equal(-1, RefusedAt(Convert.FromHexString(hex), out var isComplete));
        Assert.Equal(complete, isComplete);
    }

    [Theory]
    [InlineData("80", 0)]
    [InlineData("BF", 0)]
    [InlineData("4180", 1)]
    [InlineData("C080", 0)] // overlong NUL
    [InlineData("C1BF", 0)]
    [InlineData("C241", 1)]
    [InlineData("C2C2", 1)]
    [InlineData("E080", 1)] // overlong
    [InlineData("E09FBF", 1)]
    [InlineData("E0A041", 2)]
    [InlineData("EDA080", 1)] // U+D800
    [InlineData("EDBFBF", 1)] // U+DFFF
    [InlineData("F08080", 1)] // overlong
    [InlineData("F08FBFBF", 1)]
    [InlineData("F4908080", 1)] // above U+10FFFF
    [InlineData("F58080", 0)]
    [InlineData("F8", 0)]
    [InlineData("FC", 0)]
    [InlineData("FE", 0)]
    [InlineData("FF", 0)]
    [InlineData("CEBAE1BDB9CF83CEBCCEB5EDA080656469746564", 12)] // Autobahn 6.3.1
    public void Invalid_text_is_refused_at_its_first_wrong_byte(string hex, int at) =>
        Assert.Equal(at, RefusedAt(Convert.FromHexString(hex), out _));

    [Theory]
    [InlineData("EDA0")]
    [InlineData("41F490")]
    [InlineData("E09F")]
    [InlineData("F08F")]
    [InlineData("C1")]
    public void Cut_sequence_at_the_end_of_a_part_is_refused_if_nothing_can_complete_it(string hex) =>
        Assert.False(default(Utf8Validator).Append(Convert.FromHexString(hex)));

    [Fact]
    public void All_code_points_are_taken_byte_by_byte()
    {
        Span<byte> bytes = stackalloc byte[4];
        for (var value = 0; value <= 0x10FFFF; value++)
        {
            if (Rune.IsValid(value))
            {
                var written = new Rune(value).EncodeToUtf8(bytes);
                Assert.True(RefusedAt(bytes[..written], out var complete) < 0 && complete, $"U+{value:X4}");
            }
        }
    }

    [Fact]
    public void Any_cut_of_any_bytes_agrees_with_the_platform()
    {
        // Bytes around the borders of RFC 3629 section 4.
        var octet = Gen.OneOf<byte>(0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF);
        Gen.Select(octet.Array[0, 12], Gen.Int[1, 12], Gen.Int[1, 12]).Sample((bytes, first, second) =>
        {
            var validator = default(Utf8Validator);
            var a = Math.Min(first, bytes.Length);
            var b = Math.Min(a + second, bytes.Length);
            var valid = validator.Append(bytes.AsSpan(0, a)) && validator.Append(bytes.AsSpan(a, b - a)) && validator.Append(bytes.AsSpan(b)) && validator.IsComplete;
            return valid == IsValid(bytes);
        });
    }

    private static bool IsValid(byte[] bytes)
    {
        try
        {
            Strict.GetCharCount(bytes);
            return true;
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
    }
}
