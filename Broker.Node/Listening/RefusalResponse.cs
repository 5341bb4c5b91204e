using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Broker.Node.Diagnostics;
using Broker.Protocol.Http;

namespace Broker.Node.Listening;

/// <summary>What requests are refused with, whoever writes it; and complete HTTP/1.1 responses for connections whose request nobody reads.</summary>
internal static class RefusalResponse
{
    // Spread over 1-5 s, so that refused clients do not come back together.
    private static readonly byte[][] Unavailables = [.. Enumerable.Range(1, 5).Select(after => Build("503 Service Unavailable", after))];
    private static readonly byte[][] TooManys = [.. Enumerable.Range(1, 5).Select(after => Build("429 Too Many Requests", after))];

    public const string ContentType = "text/plain; charset=utf-8";

    public static ReadOnlyMemory<byte> RequestTimeout { get; } = Build("408 Request Timeout", retryAfter: null);

    public static ReadOnlyMemory<byte> Unavailable => Unavailables[RandomNumberGenerator.GetInt32(Unavailables.Length)];

    public static ReadOnlyMemory<byte> For(AdmissionRefusal refusal) =>
        refusal == AdmissionRefusal.Address ? TooManys[RandomNumberGenerator.GetInt32(TooManys.Length)] : Unavailable;

    /// <summary>The same where somebody else writes the response.</summary>
    public static (int Status, string RetryAfter, string Text) Of(AdmissionRefusal refusal) =>
        (refusal == AdmissionRefusal.Address ? 429 : 503, RandomNumberGenerator.GetInt32(1, 6).ToString(CultureInfo.InvariantCulture), refusal == AdmissionRefusal.Address ? "Too many connections." : "The node takes no more connections now.");

    /// <summary>Of type <see cref="ContentType"/>.</summary>
    public static byte[] Content(string text) => Encoding.UTF8.GetBytes(text + "\n");

    public static HandshakeRefusal ReasonOf(HttpRefusal refusal) =>
        refusal.Status is 414 or 431 ? HandshakeRefusal.TooLarge : HandshakeRefusal.Malformed;

    private static byte[] Build(string status, int? retryAfter) => Encoding.ASCII.GetBytes(
        $"HTTP/1.1 {status}\r\n{(retryAfter is null ? "" : $"Retry-After: {retryAfter}\r\n")}Content-Length: 0\r\nConnection: close\r\n\r\n");
}
