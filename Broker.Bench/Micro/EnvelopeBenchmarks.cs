using BenchmarkDotNet.Attributes;
using Broker.Node.Links;
using Broker.Protocol.Wire;

namespace Broker.Bench.Micro;

/// <summary>An envelope between nodes: entries written, the message serialized, deserialized, and its entries read.</summary>
[MemoryDiagnoser]
public class EnvelopeBenchmarks
{
    private readonly byte[] _topic = "game.room-17.moves"u8.ToArray();
    private readonly byte[] _frame = new byte[150];
    private byte[] _body = [];
    private byte[] _bytes = [];

    private EnvelopeEntry Entry => new(EntryKind.Publish, _topic, WireFormat.Json, 0, 0, _frame);

    [Params(1, 50, 300)]
    public int Entries { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _body = new byte[Entries * Entry.Length];
        _bytes = Encode();
    }

    [Benchmark]
    public byte[] Encode()
    {
        var rest = _body.AsSpan();
        for (var i = 0; i < Entries; i++)
        {
            Entry.Write(rest);
            rest = rest[Entry.Length..];
        }

        return LinkCodec.Encode(new LinkEnvelope(0, 1, 1, 1, 1, 1, [_body]));
    }

    [Benchmark]
    public int Decode()
    {
        var envelope = LinkCodec.DecodeEnvelope(_bytes) ?? throw new InvalidOperationException("What was encoded decodes.");
        var count = 0;
        foreach (var part in envelope.Body)
        {
            var rest = part.Span;
            while (EnvelopeEntry.TryRead(ref rest, out var entry))
            {
                count += entry.Payload.Length;
            }
        }

        return count;
    }
}
