using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Broker.Protocol.Handshake;

/// <summary><c>Sec-WebSocket-Key</c> and the <c>Sec-WebSocket-Accept</c> that proves it was read (RFC 6455 section 1.3).</summary>
internal static class AcceptKey
{
    /// <summary>Base64 of 16 bytes has 24 characters, the last two padding.</summary>
    private const int KeyLength = 24;

    /// <summary>RFC 6455 section 4.2.1 item 5: a base64 value that decodes to 16 bytes.</summary>
    public static bool IsKey(string? key)
    {
        Span<byte> nonce = stackalloc byte[KeyLength];
        return key is { Length: KeyLength } && Convert.TryFromBase64String(key, nonce, out var written) && written == 16;
    }

    [SuppressMessage("Security", "CA5350", Justification = "RFC 6455 prescribes SHA-1; it guards against confused proxies, not attackers.")]
    public static string For(string key) =>
        Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
}
