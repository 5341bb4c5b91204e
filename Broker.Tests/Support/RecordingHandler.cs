using System.Text;
using Broker.Protocol.Frames;
using Broker.Protocol.Session;

namespace Broker.Tests.Support;

/// <summary>Writes down what a session says, one line an event: <c>Text "Hi"</c>, <c>Pong ff</c>, <c>closed 1000 "bye"</c>, <c>sent Close 880203e8</c>.</summary>
internal sealed class RecordingHandler : IWebSocketHandler
{
    public List<string> Events { get; } = [];

    /// <summary>The bytes of the frames sent, in order.</summary>
    public List<byte[]> Sent { get; } = [];

    /// <summary>Runs inside OnMessage, after the event was written down.</summary>
    public Action<byte[]>? Message { get; set; }

    /// <summary>Off where frames differ by their random mask.</summary>
    public bool RecordsFrames { get; init; } = true;

    public void OnMessage(Opcode opcode, ReadOnlySpan<byte> payload)
    {
        Events.Add(opcode == Opcode.Text ? $"Text \"{Encoding.UTF8.GetString(payload)}\"" : $"{opcode} {Convert.ToHexStringLower(payload)}");
        Message?.Invoke(payload.ToArray());
    }

    public void OnPong(ReadOnlySpan<byte> payload) => Events.Add($"Pong {Convert.ToHexStringLower(payload)}");

    public void OnClose(CloseCode code, string reason) => Events.Add($"closed {(int)code} \"{reason}\"");

    public void OnSend(Opcode opcode, ReadOnlySpan<byte> frame)
    {
        Sent.Add(frame.ToArray());
        Events.Add(RecordsFrames ? $"sent {opcode} {Convert.ToHexStringLower(frame)}" : $"sent {opcode}");
    }
}
