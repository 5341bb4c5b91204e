using System.Text;
using BenchmarkDotNet.Attributes;
using Broker.Protocol.Wire;

namespace Broker.Bench.Micro;

/// <summary>A publish in JSON decoded, and its push encoded.</summary>
[MemoryDiagnoser]
public class JsonBenchmarks
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
        var text = new string('x', Size);
        _data = Encoding.UTF8.GetBytes($"\"{text}\"");
        _publish = Encoding.UTF8.GetBytes($$"""{"type":"publish","topic":"game.room-17.moves","data":"{{text}}"}""");
        _push = new byte[Size + 256];
        if (Decode() != ErrorCode.None)
        {
            throw new InvalidOperationException("The publish does not decode.");
        }
    }

    [Benchmark]
    public ErrorCode Decode() => JsonWireCodec.Instance.Decode(_publish, _messages);

    [Benchmark]
    public int Encode()
    {
        var push = new PushMessage("game.room-17.moves"u8, _data);
        return JsonWireCodec.Instance.MeasureMessage(push) + JsonWireCodec.Instance.WriteMessage(_push, push);
    }
}
