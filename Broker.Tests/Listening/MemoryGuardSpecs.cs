using System.Net;
using Broker.Node.Configuration.Options;
using Broker.Node.Diagnostics;
using Broker.Node.Listening;
using Broker.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Broker.Tests.Listening;

public sealed class MemoryGuardSpecs : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly FakeProbe _probe = new();
    private readonly MemoryGuard _guard;

    public MemoryGuardSpecs() => _guard = new MemoryGuard(new MemoryOptions { Shed = 85 }, _probe, _time);

    public void Dispose() => _guard.Dispose();

    [Theory]
    [InlineData(0, 0, false)]
    [InlineData(1000, 0, false)]
    [InlineData(849, 1000, false)]
    [InlineData(850, 1000, true)]
    [InlineData(2000, 1000, true)]
    public void The_guard_sheds_from_the_mark_on_where_the_limit_is_known(long live, long limit, bool sheds)
    {
        Assert.False(_guard.Look());
        _probe.State = new MemoryState(live, live, limit);
        _time.Advance(MemoryGuard.Calm);
        Assert.Equal(sheds, _guard.Look());
    }

    [Fact]
    public void Shedding_ends_five_points_below_the_mark_and_not_before()
    {
        List<bool> seen = [];
        foreach (var live in new[] { 849, 850, 849, 801, 800, 799, 849, 850 })
        {
            seen.Add(Sheds(live));
        }

        Assert.Equal([false, true, true, true, true, false, false, true], seen);
    }

    [Theory]
    [InlineData(424, 10)]
    [InlineData(425, 100)]
    public void The_guard_looks_ten_times_as_often_once_half_the_mark_is_in_use(long used, int looks)
    {
        _probe.State = new MemoryState(0, used, 1000);
        for (var i = 0; i < 1000; i++)
        {
            _guard.Look();
            _time.Advance(TimeSpan.FromMilliseconds(1));
        }

        Assert.Equal(looks, _probe.Reads);
    }

    [Fact]
    public void What_may_be_garbage_is_collected_before_it_counts()
    {
        _probe.LiveWhenCollected = 849;
        Assert.False(Sheds(800, used: 860));
        Assert.Equal(1, _probe.YoungCollections);

        _probe.LiveWhenCollected = 850;
        Assert.True(Sheds(800, used: 860));
        Assert.Equal(2, _probe.YoungCollections);
    }

    [Theory]
    [InlineData(700, 849)]
    [InlineData(840, 869)]
    [InlineData(860, 990)]
    public void Young_objects_are_not_collected_where_that_would_change_little(long live, long used)
    {
        Sheds(live, used);
        Assert.Equal(0, _probe.YoungCollections);
    }

    [Fact]
    public void All_garbage_is_collected_where_old_objects_bring_the_memory_near_the_mark()
    {
        _probe.LiveWhenCollected = 840;
        for (var i = 0; i < 20; i++)
        {
            Assert.False(Sheds(800, used: 860));
        }

        Assert.Equal((20, 2), (_probe.YoungCollections, _probe.FullCollections));
    }

    [Fact]
    public void While_the_guard_sheds_all_garbage_is_collected_once_a_second()
    {
        for (var i = 0; i < 20; i++)
        {
            Sheds(840);
        }

        Assert.Equal(0, _probe.FullCollections);
        for (var i = 0; i < 30; i++)
        {
            Sheds(880);
        }

        Assert.Equal(3, _probe.FullCollections);
        Sheds(100);
        Assert.Equal(3, _probe.FullCollections);
    }

    [Fact]
    public void A_look_for_which_there_is_no_memory_is_not_the_last_one()
    {
        _probe.Fails = true;
        Assert.Throws<InsufficientMemoryException>(() => _guard.Look());
        Assert.False(_guard.Look());

        _probe.Fails = false;
        _probe.State = new MemoryState(850, 850, 1000);
        _time.Advance(MemoryGuard.Near);
        Assert.True(_guard.Look());
    }

    [Fact]
    public void Reading_what_was_found_looks_at_nothing_and_collects_nothing()
    {
        _probe.State = new MemoryState(990, 990, 1000);
        for (var i = 0; i < 100; i++)
        {
            Assert.False(_guard.IsShedding);
            _time.Advance(MemoryGuard.Calm);
        }

        Assert.Equal((0, 0, 0), (_probe.Reads, _probe.YoungCollections, _probe.FullCollections));
    }

    [Fact]
    public void Shedding_ends_though_nobody_asks_any_more()
    {
        Assert.True(Sheds(860));
        _probe.State = new MemoryState(700, 700, 1000);
        _time.Advance(MemoryGuard.Calm);
        Assert.False(_guard.IsShedding);
        var reads = _probe.Reads;
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(reads, _probe.Reads);
    }

    [Fact]
    public void Many_who_ask_at_once_cause_one_look()
    {
        Parallel.For(0, 10_000, _ => Assert.False(_guard.Look()));
        Assert.Equal(1, _probe.Reads);
    }

    [Fact]
    public void Admission_refuses_while_it_sheds_and_keeps_those_it_has()
    {
        using var metrics = new RecordedMetrics();
        using var admission = new Admission(new LimitOptions(), metrics.Metrics, _time, _guard);
        Sheds(100);
        var lease = admission.Enter(IPAddress.Loopback, static _ => { }).Lease!;
        Sheds(860);

        Assert.Equal(AdmissionRefusal.Memory, admission.Enter(IPAddress.Loopback, static _ => { }).Refusal);
        Assert.True(admission.IsShedding);
        Assert.Equal((1, 1L), (admission.Connections, metrics["broker.connections.refused memory"]));
        Assert.True(lease.HandshakeDone());
        Sheds(790);
        Assert.NotNull(admission.Enter(IPAddress.Loopback, static _ => { }).Lease);
        Assert.Equal(1, metrics["broker.connections.refused memory"]);
    }

    [Fact]
    public void A_refused_client_reads_503_and_when_to_come_back() =>
        Assert.Matches("^HTTP/1\\.1 503 Service Unavailable\r\nRetry-After: [1-5]\r\n", System.Text.Encoding.ASCII.GetString(RefusalResponse.For(AdmissionRefusal.Memory).Span));

    [Fact]
    public void The_collector_knows_a_limit_and_what_is_alive_below_it()
    {
        GC.Collect();
        var state = new GcMemoryProbe().Read();
        Assert.InRange(state.Live, 1, state.Limit);
        Assert.InRange(state.Used, state.Live / 2, state.Limit);
    }

    private bool Sheds(long live, long? used = null)
    {
        _probe.State = new MemoryState(live, used ?? live, 1000);
        _time.Advance(MemoryGuard.Calm);
        return _guard.Look();
    }

    private sealed class FakeProbe : IMemoryProbe
    {
        public MemoryState State { get; set; }

        public long LiveWhenCollected { get; set; }

        public bool Fails { get; set; }

        public int Reads { get; private set; }

        public int YoungCollections { get; private set; }

        public int FullCollections { get; private set; }

        public MemoryState Read()
        {
            Reads++;
            return Fails ? throw new InsufficientMemoryException() : State;
        }

        public void CollectYoung()
        {
            YoungCollections++;
            State = State with { Live = LiveWhenCollected, Used = LiveWhenCollected };
        }

        public void CollectAll() => FullCollections++;
    }
}
