using System.Buffers.Binary;
using System.Threading.Channels;
using Broker.Node.Configuration.Options;
using Broker.Node.Delivery;
using Broker.Node.Lanes;
using Broker.Tests.Support;

namespace Broker.Tests.Delivery;

/// <summary>
/// One lane appends, marks and asks cursors to skip; subscribers whose kernel refuses at random are drained by whoever holds their
/// writer. Each stream increases, holes are told where they must be, and nobody sleeps on the last message.
/// </summary>
public sealed class SkipStressSpecs
{
    private const int Subscribers = 24;
    private const int LagLimit = 2000;

    private static readonly bool Full = Environment.GetEnvironmentVariable("BROKER_TESTS_FULL") == "1";

    /// <summary>A machine that does much else beside is no fault; whoever sleeps on work sleeps for good.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(Full ? 15 : 2);

    /// <summary>The topic whose cursors are closed and opened anew all the time.</summary>
    private const int Churn = 2;

    private readonly int[] _numbers = new int[3];
    private readonly List<Subscription> _ended = [];

    [Theory]
    [InlineData(SlowPolicy.Skip)]
    [InlineData(SlowPolicy.Latest)]
    public async Task Streams_increase_holes_are_told_and_the_last_message_arrives(SlowPolicy policy)
    {
        var cancel = TestContext.Current.CancellationToken;
        var rounds = Full ? 1_000_000 : 20_000;
        using var pool = new FanOutPool(2);
        var wakes = Channel.CreateUnbounded<Client>();
        var logs = _numbers.Select(_ => new TopicLog(default, policy)).ToArray();
        var closed = new List<Subscription>();
        var clients = Enumerable.Range(0, Subscribers).Select(i => new Client(i + 1, policy, logs.Length, client => wakes.Writer.TryWrite(client))).ToArray();
        foreach (var client in clients)
        {
            for (var topic = 0; topic < logs.Length; topic++)
            {
                logs[topic].Open(client.Cursors[topic]);
            }

            client.Writer.TryPark();
        }

        // The stages: write what was refused in their own time.
        var stages = Enumerable.Range(0, 2).Select(_ => Task.Run(
            async () =>
            {
                await foreach (var client in wakes.Reader.ReadAllAsync(cancel))
                {
                    client.WriteAll();
                }
            },
            cancel)).ToArray();

        var skips = 0L;
        var lane = Task.Run(
            () =>
            {
                var random = new Random(11);
                var batch = new DrainBatch(pool);
                for (var n = 1; n <= rounds; n++)
                {
                    for (var i = random.Next(1, 4); i > 0; i--)
                    {
                        Publish(random);
                    }

                    skips += Mark(batch);
                    if (random.Next(4) == 0)
                    {
                        var topic = random.Next(logs.Length);
                        skips += clients[random.Next(Subscribers)].Cursors[topic].RequestSkip() ? 1 : 0;
                    }

                    if (random.Next(2) == 0)
                    {
                        Array.ForEach(logs, log => Rest(log, batch));
                    }

                    if (random.Next(8) == 0)
                    {
                        var client = clients[random.Next(Subscribers)];
                        closed.Add(client.Cursors[Churn]);
                        logs[Churn].Close(client.Cursors[Churn]);
                        logs[Churn].Open(client.Cursors[Churn] = client.NewCursor(Churn));
                    }

                    batch.Flush();
                }
            },
            cancel);
        await lane.WaitAsync(Patience, cancel);
        await QuietAsync();
        Assert.All(clients, client => Assert.All(client.Last, (last, topic) => Assert.True(topic == Churn || last == _numbers[topic] || (policy == SlowPolicy.Skip && client.Gap[topic]), $"{last} is the last of {_numbers[topic]}")));

        // Everybody has caught up: one message more reaches everybody.
        var end = new DrainBatch(pool);
        Publish(new Random(1));
        Mark(end);
        end.Flush();
        await QuietAsync();
        wakes.Writer.Complete();
        await Task.WhenAll(stages);

        Assert.All(clients, static client => Assert.Null(client.Fault));
        Assert.All(clients, client => Assert.Equal(_numbers, client.Last));
        Assert.True(skips > rounds / 1000, $"{skips} skips");
        Assert.All(closed, static cursor => Assert.False(cursor.TryPeek(out _, out _, out _)));
        Assert.All(closed, static cursor => Assert.Equal(0, cursor.Lag));

        // What was taken from the logs has also been written.
        Task QuietAsync() => Eventually.IsTrueAsync(
            () => clients.All(client => client.Cursors.Zip(logs).All(static pair => pair.First.Position == pair.Second.Position) && client.Writer.Flushed == client.Writer.Gathered),
            "everybody has been sent all there is");

        void Publish(Random random)
        {
            Span<byte> entry = stackalloc byte[120];
            for (var topic = 0; topic < logs.Length; topic++)
            {
                var length = random.Next(8, entry.Length);
                entry[0] = (byte)topic;
                BinaryPrimitives.WriteInt32BigEndian(entry[1..], ++_numbers[topic]);
                logs[topic].Append(entry[..length]);
            }
        }

        int Mark(DrainBatch batch) => logs.Sum(log => log.Mark(batch, LagLimit));
    }

    /// <summary>
    /// Nothing between the two but the cursor: the lane appends, asks it to skip and closes it as fast as it can, the holder takes what
    /// there is as fast as it can. The steps of one fall between all those of the other.
    /// </summary>
    [Theory]
    [InlineData(SlowPolicy.Skip)]
    [InlineData(SlowPolicy.Latest)]
    public async Task A_lane_and_a_holder_that_never_pause_agree_on_every_cursor(SlowPolicy policy)
    {
        var cancel = TestContext.Current.CancellationToken;
        var cursors = Full ? 200_000 : 4_000;
        using var pool = new FanOutPool(0);
        var (present, taken) = (default(Subscription), 0);
        var lane = Task.Run(
            () =>
            {
                var batch = new DrainBatch(pool);
                var (entry, random) = (new byte[58], new Random(3));
                for (var i = 1; i <= cursors; i++)
                {
                    var log = new TopicLog(default, policy);
                    var cursor = new Subscription(new ConnectionWriter(1), "t"u8.ToArray(), 1) { Slow = policy };
                    log.Open(cursor);
                    Volatile.Write(ref present, cursor);
                    for (int n = 1, last = random.Next(5, 60); n <= last; n++)
                    {
                        BinaryPrimitives.WriteInt32BigEndian(entry.AsSpan(1), n);
                        log.Append(entry);
                        if (n % 3 == 0)
                        {
                            cursor.RequestSkip();
                        }

                        if (n % 2 == 0)
                        {
                            Rest(log, batch);
                        }
                    }

                    // Every other one is read to its end before it is closed.
                    Assert.True(i % 2 == 0 || SpinWait.SpinUntil(() => cursor.Position == log.Position, Patience / 2), $"{cursor.Position} of {log.Position} taken");
                    log.Close(cursor);
                    SpinWait.SpinUntil(() => Volatile.Read(ref taken) == i || cancel.IsCancellationRequested);
                }
            },
            cancel);
        var holder = Task.Run(
            () =>
            {
                for (var i = 1; i <= cursors; i++)
                {
                    Subscription? cursor;
                    var spin = new SpinWait();
                    while ((cursor = Interlocked.Exchange(ref present, null)) is null)
                    {
                        spin.SpinOnce(-1);
                    }

                    var (last, gap) = (0, false);
                    while (!cursor.Closed)
                    {
                        if (!cursor.TryPeek(out var segment, out var start, out var end))
                        {
                            spin.SpinOnce(-1);
                            continue;
                        }

                        for (var at = start; at < end; at += 2 + segment.Bytes[at + 1])
                        {
                            if (segment.Bytes[at] == 0x81)
                            {
                                gap = true;
                                continue;
                            }

                            var number = BinaryPrimitives.ReadInt32BigEndian(segment.Bytes.AsSpan(at + 3));
                            Assert.True(number > last, $"{number} after {last}");
                            Assert.True(number == last + 1 || gap || policy == SlowPolicy.Latest, $"{number} after {last} without gap");
                            (last, gap) = (number, false);
                        }

                        cursor.Advance(segment, end);
                    }

                    Volatile.Write(ref taken, i);
                    _ended.Add(cursor);
                }
            },
            cancel);

        // The first that fails leaves the other waiting.
        await await Task.WhenAny(lane, holder).WaitAsync(Patience, cancel);
        await Task.WhenAll(lane, holder).WaitAsync(Patience, cancel);

        Assert.All(_ended, static cursor => Assert.Equal(0, cursor.Lag));
        Assert.All(_ended, static cursor => Assert.False(cursor.TryPeek(out _, out _, out _)));
    }

    /// <summary>As <see cref="LaneMemory"/> where nothing is kept, and nothing comes between two of its counts.</summary>
    private static void Rest(TopicLog log, DrainBatch batch)
    {
        while (log.Kept(skipping: true) == 0 && !log.TryRest(batch))
        {
        }
    }

    private sealed class Client : IDirectTransport
    {
        private readonly SlowPolicy _policy;
        private readonly byte[] _partial = new byte[128];
        private readonly Random _random;
        private int _length;

        public Client(int id, SlowPolicy policy, int topics, Action<Client> wake)
        {
            _policy = policy;
            _random = new Random(id);
            Writer = new ConnectionWriter(id);
            Writer.Attach(this, () => wake(this));
            Cursors = [.. Enumerable.Range(0, topics).Select(NewCursor)];
            Last = new int[topics];
            Gap = new bool[topics];
        }

        public ConnectionWriter Writer { get; }

        public Subscription[] Cursors { get; }

        public int[] Last { get; }

        public bool[] Gap { get; }

        public string? Fault { get; private set; }

        public Subscription NewCursor(int topic) => new(Writer, [(byte)('a' + topic)], (uint)topic) { Slow = _policy };

        public int TrySend(EgressChunk chunk)
        {
            var count = _random.Next(8) == 0 ? _random.Next(chunk.Length) : chunk.Length;
            Take(chunk.Span[..count]);
            return count;
        }

        /// <summary>As the stage.</summary>
        public void WriteAll()
        {
            do
            {
                while (Writer.Gather())
                {
                    // The kernel has no room for a while: the lane goes on.
                    Thread.SpinWait(_random.Next(20_000));
                    Take(Writer.Chunk.Span);
                    Writer.Written();
                }
            }
            while (!Writer.TryPark());
        }

        private void Take(ReadOnlySpan<byte> bytes)
        {
            foreach (var b in bytes)
            {
                _partial[_length++] = b;
                if (_length > 2 && _length == 2 + _partial[1])
                {
                    _length = 0;
                    OnFrame();
                }
            }
        }

        private void OnFrame()
        {
            if (_partial[0] == 0x81)
            {
                // {"type":"gap","topic":"a"}
                Gap[_partial[_partial[1] - 1] - 'a'] = true;
                return;
            }

            var topic = _partial[2];
            var number = BinaryPrimitives.ReadInt32BigEndian(_partial.AsSpan(3));
            if (number <= Last[topic])
            {
                Fault ??= $"{number} after {Last[topic]}";
            }
            else if (_policy == SlowPolicy.Skip && number != Last[topic] + 1 && !Gap[topic] && topic != Churn)
            {
                Fault ??= $"{number} after {Last[topic]} without gap";
            }

            Volatile.Write(ref Last[topic], number);
            Gap[topic] = false;
        }
    }
}
