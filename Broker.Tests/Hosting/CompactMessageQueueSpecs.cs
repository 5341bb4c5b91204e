using Akka.Actor;
using Broker.Node.Hosting;
using Broker.Tests.Support;
using CsCheck;

namespace Broker.Tests.Hosting;

public sealed class CompactMessageQueueSpecs
{
    [Fact]
    public void Messages_come_out_in_the_order_they_went_in() =>
        Gen.Int[0, 40].Array[0, 30].Sample(static bursts =>
        {
            var queue = new CompactMessageQueue();
            var expected = new Queue<object>();
            foreach (var (round, burst) in bursts.Index())
            {
                for (var i = 0; i < burst; i++)
                {
                    Enqueue(queue, (round, i));
                    expected.Enqueue((round, i));
                }

                for (var i = 0; i < burst - (round % 3); i++)
                {
                    Assert.Equal(expected.TryDequeue(out var next), queue.TryDequeue(out var envelope));
                    Assert.Equal(next, envelope.Message);
                }

                Assert.Equal(expected.Count, queue.Count);
                Assert.Equal(expected.Count > 0, queue.HasMessages);
            }
        });

    [Fact]
    public async Task Many_threads_enqueue_while_one_dequeues()
    {
        const int Threads = 4;
        const int Each = 20_000;
        var queue = new CompactMessageQueue();
        var writers = Task.WhenAll(Enumerable.Range(0, Threads).Select(thread => Task.Run(() =>
        {
            for (var i = 0; i < Each; i++)
            {
                Enqueue(queue, (thread, i));
            }
        })));

        var next = new int[Threads];
        for (var taken = 0; taken < Threads * Each;)
        {
            if (queue.TryDequeue(out var envelope))
            {
                var (thread, i) = ((int, int))envelope.Message;
                Assert.Equal(next[thread]++, i);
                taken++;
            }
            else
            {
                Thread.Yield();
            }
        }

        await writers;
        Assert.False(queue.HasMessages);
    }

    [Fact]
    public void Neither_messages_nor_a_large_ring_stay_behind()
    {
        var queues = Enumerable.Range(0, 10).Select(static _ => new CompactMessageQueue()).ToArray();
        var references = queues.SelectMany(Burst).ToArray();

        GC.Collect();

        Assert.All(references, static reference => Assert.False(reference.IsAlive));
        var next = 0;
        Assert.InRange(ThreadAllocation.Least(() => Enqueue(queues[next++], "a"), queues.Length), 1, 200);
    }

    [Fact]
    public void Messages_one_at_a_time_allocate_nothing()
    {
        var queue = new CompactMessageQueue();
        Enqueue(queue, "first");
        queue.TryDequeue(out _);

        Assert.Equal(0, Allocated(() =>
        {
            for (var i = 0; i < 1000; i++)
            {
                Enqueue(queue, "a");
                Enqueue(queue, "b");
                queue.TryDequeue(out _);
                queue.TryDequeue(out _);
            }
        }));
    }

    [Fact]
    public void Clean_up_leaves_what_was_queued_to_the_dead_letters()
    {
        var queue = new CompactMessageQueue();
        var dead = new CompactMessageQueue();
        Enqueue(queue, 1);
        Enqueue(queue, 2);

        queue.CleanUp(ActorRefs.Nobody, dead);

        Assert.Equal(0, queue.Count);
        Assert.True(dead.TryDequeue(out var envelope));
        Assert.Equal(1, envelope.Message);
        Assert.Equal(1, dead.Count);
    }

    private static WeakReference[] Burst(CompactMessageQueue queue)
    {
        var references = new WeakReference[100];
        for (var i = 0; i < references.Length; i++)
        {
            var message = new object();
            references[i] = new WeakReference(message);
            Enqueue(queue, message);
        }

        while (queue.TryDequeue(out _))
        {
        }

        return references;
    }

    private static long Allocated(Action action)
    {
        action();
        return ThreadAllocation.Least(action);
    }

    private static void Enqueue(CompactMessageQueue queue, object message) => queue.Enqueue(ActorRefs.Nobody, new Envelope(message, ActorRefs.NoSender));
}
