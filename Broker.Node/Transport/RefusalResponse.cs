using System.Security.Cryptography;
using System.Text;

namespace Broker.Node.Transport;

/// <summary>Complete HTTP/1.1 responses for connections that are closed before anybody reads their request.</summary>
internal static class RefusalResponse
{
    // Spread over 1-5 s, so that refused clients do not come back together.
    private static readonly byte[][] Unavailables = [.. Enumerable.Range(1, 5).Select(after => Build("503 Service Unavailable", after))];
    private static readonly byte[][] TooManys = [.. Enumerable.Range(1, 5).Select(after => Build("429 Too Many Requests", after))];

    public static ReadOnlyMemory<byte> RequestTimeout { get; } = Build("408 Request Timeout", retryAfter: null);

    public static ReadOnlyMemory<byte> Unavailable => Unavailables[RandomNumberGenerator.GetInt32(Unavailables.Length)];

    public static ReadOnlyMemory<byte> For(AdmissionRefusal refusal) =>
        refusal == AdmissionRefusal.Address ? TooManys[RandomNumberGenerator.GetInt32(TooManys.Length)] : Unavailable;

    private static byte[] Build(string status, int? retryAfter) => Encoding.ASCII.GetBytes(
        $"HTTP/1.1 {status}\r\n{(retryAfter is null ? "" : $"Retry-After: {retryAfter}\r\n")}Content-Length: 0\r\nConnection: close\r\n\r\n");
}
