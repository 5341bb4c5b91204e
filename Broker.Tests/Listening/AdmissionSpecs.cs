using System.Net;
using Broker.Node.Configuration.Options;
using Broker.Node.Diagnostics;
using Broker.Node.Listening;
using Broker.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Broker.Tests.Listening;

public sealed class AdmissionSpecs : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly RecordedMetrics _metrics = new();

    [Fact]
    public void Connection_over_the_total_is_refused_until_one_leaves()
    {
        using var admission = new Admission(new LimitOptions { Connections = 2 }, _metrics.Metrics, _time);
        var first = Enter(admission, "10.0.0.1").Lease!;
        Enter(admission, "10.0.0.2");
        Assert.True(admission.Full);

        Assert.Equal(AdmissionRefusal.Total, Enter(admission, "10.0.0.3").Refusal);
        first.Dispose();
        first.Dispose();
        Assert.False(admission.Full);
        Assert.NotNull(Enter(admission, "10.0.0.3").Lease);
        Assert.Equal(AdmissionRefusal.Total, Enter(admission, "10.0.0.4").Refusal);
        Assert.Equal(2, _metrics["broker.connections.refused total"]);
    }

    [Fact]
    public void Streams_of_a_connection_are_connections_and_one_of_them_is_the_connection()
    {
        var address = IPAddress.Parse("10.0.0.1");
        using var admission = new Admission(new LimitOptions { ConnectionsPerAddress = 3, AcceptsPerSecond = 4, Streams = 3 }, _metrics.Metrics, _time);
        var connection = Enter(admission, "10.0.0.1").Lease!;
        var streams = Enumerable.Range(0, 3).Select(_ => connection.TryAddStream(address, out AdmissionRefusal _)!).ToList();
        Assert.Equal(3, admission.Connections);
        Assert.Equal(AdmissionRefusal.Address, Enter(admission, "10.0.0.1").Refusal);

        // No more at a time than the client may open, and no faster than connections.
        Assert.Null(connection.TryAddStream(address, out var refusal));
        Assert.Equal(AdmissionRefusal.Rate, refusal);
        streams[0].Dispose();
        streams[1].Dispose();
        Assert.Equal(2, admission.Connections);
        using var again = connection.TryAddStream(address, out refusal)!;
        Assert.Equal((AdmissionRefusal.None, 2), (refusal, admission.Connections));
        Assert.Null(connection.TryAddStream(address, out refusal));
        Assert.Equal(AdmissionRefusal.Rate, refusal);

        streams[2].Dispose();
        connection.Dispose();
        Assert.Equal((0, 0), (admission.Connections, admission.Addresses));
        Assert.Equal(2, _metrics["broker.connections.refused rate"]);
    }

    [Fact]
    public void Address_over_its_limit_is_refused_and_others_are_not()
    {
        using var admission = new Admission(new LimitOptions { ConnectionsPerAddress = 2 }, _metrics.Metrics, _time);
        var lease = Enter(admission, "2001:db8::1").Lease!;
        Enter(admission, "2001:db8::2");

        Assert.Equal(AdmissionRefusal.Address, Enter(admission, "2001:db8::3").Refusal);
        Assert.NotNull(Enter(admission, "2001:db8:0:1::3").Lease);
        Assert.NotNull(Enter(admission, "10.0.0.1").Lease);
        lease.Dispose();
        Assert.NotNull(Enter(admission, "2001:db8::3").Lease);
    }

    [Fact]
    public void Accepts_over_the_rate_are_refused_until_time_passes()
    {
        using var admission = new Admission(new LimitOptions { AcceptsPerSecond = 10, ConnectionsPerAddress = 1000 }, _metrics.Metrics, _time);
        for (var i = 0; i < 10; i++)
        {
            Assert.NotNull(Enter(admission, "10.0.0.1").Lease);
        }

        Assert.Equal(AdmissionRefusal.Rate, Enter(admission, "10.0.0.1").Refusal);
        _time.Advance(TimeSpan.FromMilliseconds(100));
        Assert.NotNull(Enter(admission, "10.0.0.1").Lease);
        Assert.Equal(AdmissionRefusal.Rate, Enter(admission, "10.0.0.1").Refusal);
        Assert.Equal(11, admission.Connections);
    }

    [Fact]
    public void Refused_address_takes_no_token_from_the_others()
    {
        using var admission = new Admission(new LimitOptions { AcceptsPerSecond = 2, ConnectionsPerAddress = 1 }, _metrics.Metrics, _time);
        Enter(admission, "10.0.0.1");
        Assert.Equal(AdmissionRefusal.Address, Enter(admission, "10.0.0.1").Refusal);
        Assert.NotNull(Enter(admission, "10.0.0.2").Lease);
    }

    [Fact]
    public void Who_waits_for_the_node_has_the_time_once_more_and_then_503()
    {
        using var admission = new Admission(new LimitOptions { HandshakeTimeout = TimeSpan.FromSeconds(5) }, _metrics.Metrics, _time);
        List<(string, HandshakeEnd)> ended = [];
        Enter(admission, "10.0.0.1", end => ended.Add(("silent", end)));
        admission.Enter(IPAddress.Parse("10.0.0.2"), end => ended.Add(("spoke", end)), static () => true);
        var served = admission.Enter(IPAddress.Parse("10.0.0.3"), end => ended.Add(("served", end)), static () => true).Lease!;

        _time.Advance(TimeSpan.FromSeconds(5.1));
        Assert.Equal([("silent", HandshakeEnd.TimedOut)], ended);
        Assert.Equal(2, admission.Handshakes);
        Assert.True(served.HandshakeDone());

        _time.Advance(TimeSpan.FromSeconds(5.1));
        Assert.Equal([("silent", HandshakeEnd.TimedOut), ("spoke", HandshakeEnd.Behind)], ended);
        Assert.Equal(0, admission.Handshakes);
        Assert.Equal((1, 1), (_metrics["broker.handshakes.refused timeout"], _metrics["broker.connections.refused handshakes"]));
    }

    [Fact]
    public void Newest_handshake_is_refused_while_the_oldest_waits_for_the_node()
    {
        using var admission = new Admission(new LimitOptions { Handshakes = 1 }, _metrics.Metrics, _time);
        var waits = true;
        List<HandshakeEnd> ended = [];
        admission.Enter(IPAddress.Parse("10.0.0.1"), ended.Add, () => waits);

        Assert.Equal(AdmissionRefusal.Handshakes, Enter(admission, "10.0.0.2").Refusal);
        Assert.Empty(ended);
        Assert.Equal((1, 1), (admission.Connections, admission.Handshakes));

        waits = false;
        Assert.NotNull(Enter(admission, "10.0.0.2").Lease);
        Assert.Equal([HandshakeEnd.Evicted], ended);
    }

    /// <summary>The handshake ends in the moment in which its time is looked at.</summary>
    [Fact]
    public void Handshake_that_ends_while_its_time_is_extended_leaves_no_place()
    {
        using var admission = new Admission(new LimitOptions(), _metrics.Metrics, _time);
        AdmissionLease? lease = null;
        lease = admission.Enter(IPAddress.Loopback, static _ => Assert.Fail("it has ended"), () =>
        {
            lease!.HandshakeDone();
            return true;
        }).Lease;

        _time.Advance(new LimitOptions().HandshakeTimeout * 3);
        Assert.Equal(0, admission.Handshakes);
        Assert.Equal(0, _metrics["broker.connections.refused handshakes"]);
    }

    [Fact]
    public void Oldest_unfinished_handshake_makes_room_for_the_newest()
    {
        using var admission = new Admission(new LimitOptions { Handshakes = 2 }, _metrics.Metrics, _time);
        List<(string, HandshakeEnd)> ended = [];
        var first = Enter(admission, "10.0.0.1", end => ended.Add(("first", end))).Lease!;
        var second = Enter(admission, "10.0.0.2", end => ended.Add(("second", end))).Lease!;
        first.HandshakeDone();
        Enter(admission, "10.0.0.3", end => ended.Add(("third", end)));
        Assert.Empty(ended);

        Assert.NotNull(Enter(admission, "10.0.0.4", end => ended.Add(("fourth", end))).Lease);
        Assert.Equal([("second", HandshakeEnd.Evicted)], ended);
        Assert.Equal(2, admission.Handshakes);

        // It is counted as a connection until its owner has disposed it.
        Assert.Equal(4, admission.Connections);
        second.Dispose();
        Assert.Equal(3, admission.Connections);
        Assert.Equal(2, admission.Handshakes);
    }

    [Fact]
    public void Handshake_that_takes_too_long_is_ended_once_and_one_that_is_done_never()
    {
        using var admission = new Admission(new LimitOptions { HandshakeTimeout = TimeSpan.FromSeconds(5) }, _metrics.Metrics, _time);
        List<string> ended = [];
        Enter(admission, "10.0.0.1", end => ended.Add($"slow {end}"));
        _time.Advance(TimeSpan.FromSeconds(2));
        var quick = Enter(admission, "10.0.0.2", end => ended.Add($"quick {end}")).Lease!;
        Enter(admission, "10.0.0.3", end => ended.Add($"late {end}"));

        _time.Advance(TimeSpan.FromSeconds(2.9));
        Assert.Empty(ended);
        quick.HandshakeDone();
        _time.Advance(TimeSpan.FromSeconds(0.2));
        Assert.Equal(["slow TimedOut"], ended);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(["slow TimedOut", "late TimedOut"], ended);
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(2, ended.Count);
        Assert.Equal(0, admission.Handshakes);
        Assert.Equal(2, _metrics["broker.handshakes.refused timeout"]);
    }

    [Fact]
    public void Timer_serves_handshakes_that_begin_after_it_ran_dry()
    {
        using var admission = new Admission(new LimitOptions { HandshakeTimeout = TimeSpan.FromSeconds(5) }, _metrics.Metrics, _time);
        var ended = 0;
        for (var i = 1; i <= 3; i++)
        {
            Enter(admission, "10.0.0.1", _ => ended++);
            _time.Advance(TimeSpan.FromSeconds(5));
            Assert.Equal(i, ended);
        }
    }

    [Fact]
    public void Counts_return_to_nothing_whatever_the_order()
    {
        var limits = new LimitOptions { Handshakes = 50, ConnectionsPerAddress = 20, Connections = 200, AcceptsPerSecond = 5000 };
        using var admission = new Admission(limits, _metrics.Metrics, _time);
        Parallel.For(0, 8, worker =>
        {
            var random = new Random(worker);
            List<AdmissionLease> held = [];
            for (var i = 0; i < 5000; i++)
            {
                if (admission.Enter(new IPAddress([10, 0, 0, (byte)random.Next(16)]), static _ => { }).Lease is { } lease)
                {
                    held.Add(lease);
                }

                if (held.Count > 0 && random.Next(2) == 0)
                {
                    var index = random.Next(held.Count);
                    held[index].HandshakeDone();
                    held[index].Dispose();
                    held.RemoveAt(index);
                }

                Assert.InRange(admission.Connections, 0, 200);
                Assert.InRange(admission.Handshakes, 0, 50);
            }

            held.ForEach(lease => lease.Dispose());
        });

        Assert.Equal((0, 0, 0), (admission.Connections, admission.Handshakes, admission.Addresses));
    }

    public void Dispose() => _metrics.Dispose();

    private static AdmissionResult Enter(Admission admission, string address, Action<HandshakeEnd>? abort = null) =>
        admission.Enter(IPAddress.Parse(address), abort ?? (static _ => { }));
}
