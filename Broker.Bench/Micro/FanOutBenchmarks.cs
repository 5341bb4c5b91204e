using BenchmarkDotNet.Attributes;
using Broker.Node.Delivery;
using Broker.Protocol.Wire;

namespace Broker.Bench.Micro;

/// <summary>
/// A push appended to a topic's log, its subscribers marked, and all of them drained by the same thread: what a delivery costs
/// the broker beside the system call. Up to one slice of subscribers, which no other thread shares.
/// </summary>
[MemoryDiagnoser]
public class FanOutBenchmarks : IDisposable
{
    private const int LagLimit = 1 << 20;

    private readonly FanOutPool _pool = new(0);
    private TopicLog _log = new(default);
    private DrainBatch _batch = null!;
    private byte[] _payload = [];

    [Params(1, 10, 100)]
    public int Subscribers { get; set; }

    /// <summary>Appended before one drain.</summary>
    [Params(1, 16)]
    public int Batch { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _log = new TopicLog(default);
        _batch = new DrainBatch(_pool);
        _payload = new byte[150];
        for (var i = 0; i < Subscribers; i++)
        {
            var writer = new ConnectionWriter(i + 1);
            writer.Attach(new NullSocket(), static () => throw new InvalidOperationException("The socket takes everything."));
            writer.TryPark();
            _log.Open(new Subscription(writer, "t0"u8.ToArray(), 0));
        }
    }

    [Benchmark]
    public long AppendMarkDrain()
    {
        for (var i = 0; i < Batch; i++)
        {
            _log.Append(new LogEntry(_payload, WireFormat.Json));
        }

        _log.Mark(_batch, LagLimit);
        _batch.Flush();
        return _log.Position;
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _pool.Dispose();
        GC.SuppressFinalize(this);
    }
}
