using System.Buffers.Binary;
using System.Text;

namespace Broker.Tests.Support;

/// <summary>One frame as it came, or the end of the connection.</summary>
/// <param name="Opcode">0 to 15; -1 for the end of the stream, -2 for a reset.</param>
/// <param name="Payload">Unmasked.</param>
/// <param name="Fin">The FIN bit.</param>
/// <param name="Rsv">RSV1-3 as 4, 2, 1.</param>
internal sealed record RawMessage(int Opcode, byte[] Payload, bool Fin = true, int Rsv = 0)
{
    public static readonly RawMessage EndOfStream = new(-1, []);
    public static readonly RawMessage Reset = new(-2, []);

    public bool IsEnd => Opcode < 0;

    public bool IsClose => Opcode == 8;

    public string Text => Encoding.UTF8.GetString(Payload);

    /// <summary>The code of a close frame; 1005 when it has none, 1006 for the end of the connection.</summary>
    public int CloseCode => IsEnd ? 1006 : Payload.Length < 2 ? 1005 : BinaryPrimitives.ReadUInt16BigEndian(Payload);

    /// <summary>The reason of a close frame.</summary>
    public string CloseReason => Payload.Length < 3 ? "" : Encoding.UTF8.GetString(Payload.AsSpan(2));

    public override string ToString() => IsEnd ? (this == Reset ? "reset" : "end of stream") : IsClose ? $"close {CloseCode} {CloseReason}" : $"opcode {Opcode}: {Text}";
}
