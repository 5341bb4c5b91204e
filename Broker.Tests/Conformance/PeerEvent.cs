using System.Security.Cryptography;

namespace Broker.Tests.Conformance;

/// <summary>Something the peer did before the end. Payloads are kept as digests: a case may be about a gigabyte.</summary>
internal sealed record PeerEvent(string Kind, int Length, string Digest)
{
    private const int Readable = 32;

    /// <summary>The tester gave the peer time to fail the connection, and it did not.</summary>
    public static readonly PeerEvent WentOn = new("went on", 0, "");

    public static PeerEvent Text(ReadOnlySpan<byte> payload) => Of("text", payload);

    public static PeerEvent Message(int opcode, ReadOnlySpan<byte> payload) => Of(opcode == 1 ? "text" : "binary", payload);

    public static PeerEvent Pong(ReadOnlySpan<byte> payload) => Of("pong", payload);

    public override string ToString() => Kind == WentOn.Kind ? Kind : $"{Kind} of {Length} bytes {Digest}";

    private static PeerEvent Of(string kind, ReadOnlySpan<byte> payload) =>
        new(kind, payload.Length, Convert.ToHexString(payload.Length <= Readable ? payload : SHA256.HashData(payload).AsSpan(0, Readable / 2)));
}
