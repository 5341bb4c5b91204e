#if NET
using System.Text.Unicode;
#else
using System.Text;
#endif

namespace Broker.Protocol.Wire;

/// <summary>What every format asks of text.</summary>
internal static class WireText
{
#if !NET
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

#endif
    /// <summary>Whether the bytes are UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing past U+10FFFF).</summary>
    public static bool IsValidUtf8(ReadOnlySpan<byte> bytes)
    {
#if NET
        return Utf8.IsValid(bytes);
#else
        try
        {
            _ = Strict.GetCharCount(bytes);
            return true;
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
#endif
    }
}
