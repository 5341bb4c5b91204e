using BenchmarkDotNet.Attributes;
using Broker.Protocol.Frames;

namespace Broker.Bench.Micro;

/// <summary>Unmasking a payload in place, at every turn of the key.</summary>
[MemoryDiagnoser]
public class MaskingBenchmarks
{
    private byte[] _payload = [];

    [Params(16, 128, 1024, 65536)]
    public int Size { get; set; }

    [Params(0, 1)]
    public int Offset { get; set; }

    [GlobalSetup]
    public void Setup() => _payload = new byte[Size];

    [Benchmark]
    public void Apply() => Masking.Apply(_payload, 0x12345678, Offset);
}
