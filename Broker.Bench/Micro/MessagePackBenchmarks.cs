using System.Buffers.Binary;
using BenchmarkDotNet.Attributes;
using Broker.Protocol.Wire;

namespace Broker.Bench.Micro;

/// <summary>As <see cref="JsonBenchmarks"/>, in MessagePack.</summary>
[MemoryDiagnoser]
public class MessagePackBenchmarks
{
    private readonly ClientMessageList _messages = new();
    private byte[] _publish = [];
    private byte[] _data = [];
    private byte[] _push = [];

    [Params(16, 100, 1024, 60000)]
    public int Size { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        // A string with a length of two bytes.
        _data = new byte[3 + Size];
        _data.AsSpan().Fill((byte)'x');
        _data[0] = 0xda;
        BinaryPrimitives.WriteUInt16BigEndian(_data.AsSpan(1), (ushort)Size);

        // A map of three: type, topic, data.
        _publish = [0x83, 0xa4, .. "type"u8, 0xa7, .. "publish"u8, 0xa5, .. "topic"u8, 0xb2, .. "game.room-17.moves"u8, 0xa4, .. "data"u8, .. _data];
        _push = new byte[Size + 256];
        if (Decode() != ErrorCode.None)
        {
            throw new InvalidOperationException("The publish does not decode.");
        }
    }

    [Benchmark]
    public ErrorCode Decode() => MessagePackWireCodec.Instance.Decode(_publish, _messages);

    [Benchmark]
    public int Encode()
    {
        var push = new PushMessage("game.room-17.moves"u8, _data);
        return MessagePackWireCodec.Instance.MeasureMessage(push) + MessagePackWireCodec.Instance.WriteMessage(_push, push);
    }
}
