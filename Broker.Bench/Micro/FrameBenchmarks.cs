using System.Buffers;
using BenchmarkDotNet.Attributes;
using Broker.Protocol.Frames;
using Broker.Protocol.Session;

namespace Broker.Bench.Micro;

/// <summary>A masked text frame of a client through the session, and the frame of a server around a payload.</summary>
[MemoryDiagnoser]
public class FrameBenchmarks : IWebSocketHandler, IDisposable
{
    private readonly WebSocketSession _session = new(WebSocketRole.Server, new WebSocketLimits { Message = 1 << 20 }, TimeProvider.System);
    private byte[] _received = [];
    private byte[] _buffer = [];
    private byte[] _payload = [];
    private byte[] _frame = [];
    private long _messages;

    [Params(16, 100, 1024, 60000)]
    public int Size { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _payload = new byte[Size];
        _payload.AsSpan().Fill((byte)'x');
        _frame = new byte[FrameWriter.MaxServerHeader + Size];
        var output = new ArrayBufferWriter<byte>();
        FrameWriter.Write(output, Opcode.Text, _payload, 0x12345678);
        _received = output.WrittenSpan.ToArray();
        _buffer = new byte[_received.Length];
    }

    /// <summary>With the copy that stands for the read from the socket: the session unmasks in place.</summary>
    [Benchmark]
    public long Decode()
    {
        _received.CopyTo(_buffer, 0);
        _session.Receive(_buffer, this);
        return _messages;
    }

    [Benchmark]
    public int Encode()
    {
        var header = FrameWriter.WriteServerHeader(_frame, Opcode.Text, Size);
        _payload.CopyTo(_frame, header);
        return header;
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _session.Dispose();
        GC.SuppressFinalize(this);
    }

    void IWebSocketHandler.OnMessage(Opcode opcode, ReadOnlySpan<byte> payload) => _messages += payload.Length;

    void IWebSocketHandler.OnPong(ReadOnlySpan<byte> payload) => throw new InvalidOperationException("No pong was sent.");

    void IWebSocketHandler.OnClose(CloseCode code, string reason) => throw new InvalidOperationException("No close was sent.");

    void IWebSocketHandler.OnSend(Opcode opcode, ReadOnlySpan<byte> frame) => throw new InvalidOperationException("The session found a fault.");
}
