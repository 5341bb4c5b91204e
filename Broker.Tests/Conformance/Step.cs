using System.Text;
using Broker.Tests.Support;

namespace Broker.Tests.Conformance;

/// <summary>What the tester does next.</summary>
internal abstract record Step
{
    /// <summary>Writes bytes, in pieces of <paramref name="Chop"/>.</summary>
    /// <param name="Closes">They begin the closing handshake.</param>
    internal sealed record Bytes(byte[] Data, string What, int Chop, bool Closes) : Step;

    /// <summary>Writes a message in frames of at most that many payload bytes, compressed where that was negotiated.</summary>
    internal sealed record Message(int Opcode, byte[] Payload, int Fragment) : Step;

    /// <summary>Goes on when the peer has done so many things, or has closed.</summary>
    internal sealed record Await(int Events) : Step;

    /// <summary>Goes on when the peer has closed; one that does not in the time it is given has gone on.</summary>
    internal sealed record AwaitFailure : Step;

    public static Step Frame(int opcode, ReadOnlySpan<byte> payload, bool fin = true, int rsv = 0, int chop = int.MaxValue) =>
        new Bytes(
            TestFrame.Build(opcode, payload, fin, rsv),
            $"opcode {opcode}{(fin ? "" : " without FIN")}{(rsv == 0 ? "" : $" RSV {rsv}")}, {payload.Length} bytes {Start(payload)}",
            chop,
            opcode == 8);

    public static Step Frame(int opcode, string payload = "", bool fin = true, int rsv = 0, int chop = int.MaxValue) =>
        Frame(opcode, Encoding.UTF8.GetBytes(payload), fin, rsv, chop);

    public static Step Close(int code, string reason = "") => Frame(8, [(byte)(code >> 8), (byte)code, .. Encoding.UTF8.GetBytes(reason)]);

    /// <summary>Several steps of bytes as one write.</summary>
    public static Step Together(params Step[] steps)
    {
        var bytes = steps.Cast<Bytes>().ToArray();
        return new Bytes([.. bytes.SelectMany(static step => step.Data)], string.Join(" + ", bytes.Select(static step => step.What)), int.MaxValue, bytes.Any(static step => step.Closes));
    }

    public static string Start(ReadOnlySpan<byte> payload) => payload.Length <= 24 ? Convert.ToHexString(payload) : Convert.ToHexString(payload[..24]) + "...";
}
