using System.Text;
using BenchmarkDotNet.Attributes;
using Broker.Protocol.Frames;

namespace Broker.Bench.Micro;

/// <summary>Validation of text that comes whole, and of text in parts of 13 bytes, which cut its characters.</summary>
[MemoryDiagnoser]
public class Utf8Benchmarks
{
    private byte[] _text = [];

    [Params(128, 4096, 65536)]
    public int Size { get; set; }

    [Params("ascii", "mixed")]
    public string Kind { get; set; } = "";

    [GlobalSetup]
    public void Setup()
    {
        var unit = Kind == "ascii" ? "position 217 velocity 35 " : "Zürich 東京 🙂 ";
        var builder = new StringBuilder();
        while (builder.Length < Size)
        {
            builder.Append(unit);
        }

        _text = Encoding.UTF8.GetBytes(builder.ToString());
    }

    [Benchmark]
    public bool Whole()
    {
        var validator = default(Utf8Validator);
        return validator.Append(_text) && validator.IsComplete;
    }

    [Benchmark]
    public bool InParts()
    {
        var validator = default(Utf8Validator);
        for (var at = 0; at < _text.Length; at += 13)
        {
            if (!validator.Append(_text.AsSpan(at, Math.Min(13, _text.Length - at))))
            {
                return false;
            }
        }

        return validator.IsComplete;
    }
}
