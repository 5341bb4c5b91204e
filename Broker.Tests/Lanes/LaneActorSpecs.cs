using System.Text;
using Akka.Actor;
using Akka.Cluster.Tools.PublishSubscribe;
using Akka.TestKit;
using Akka.TestKit.Xunit;
using Broker.Node.Configuration.Options;
using Broker.Node.Delivery;
using Broker.Node.Lanes;
using Broker.Node.Links;
using Broker.Node.Membership;
using Broker.Protocol.Wire;
using Broker.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Broker.Tests.Lanes;

/// <summary>One lane between a mediator and a peer that are probes, in virtual time.</summary>
public sealed class LaneActorSpecs : TestKit
{
    private const uint Peer = 2;
    private static readonly LaneOptions Options = new() { Count = 1, Window = 8192, Envelope = 1024 };

    private readonly FakeTimeProvider _time = new();
    private readonly FakeLaneTopics _topics = new();
    private readonly LinkCounters _counters = new();
    private readonly Fence _fence;
    private readonly Lane _lane = new(new Lane[1]);
    private readonly TestProbe _mediator;
    private readonly TestProbe _peer;
    private readonly TestProbe _parent;
    private readonly IActorRef _actor;
    private readonly LaneIdentity _identity = new(0, 1, 1, 1);

    public LaneActorSpecs()
        : base("akka.scheduler.implementation = \"Akka.TestKit.TestScheduler, Akka.TestKit\"\nakka.loglevel = WARNING\nakka.stdout-loglevel = OFF")
    {
        _fence = new Fence(_time);
        _fence.Open(long.MaxValue);
        (_mediator, _peer, _parent) = (CreateTestProbe(), CreateTestProbe(), CreateTestProbe());
        _actor = _parent.ChildActorOf(Props.Create(() => new LaneActor(_identity, _lane, _ => _topics, _mediator.Ref, Options, _time, _counters, _fence, null)), SupervisorStrategy.StoppingStrategy, Cancel);
        _lane.Attach(_actor);
        Assert.Equal("lane.0.1", _mediator.ExpectMsg<Subscribe>(cancellationToken: Cancel).Topic);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private void Advance(int milliseconds)
    {
        for (var n = 0; n < milliseconds; n += 50)
        {
            _time.Advance(TimeSpan.FromMilliseconds(50));
            ((TestScheduler)Sys.Scheduler).Advance(TimeSpan.FromMilliseconds(50));
            Sync();
        }
    }

    /// <summary>The lane has handled everything it was told before.</summary>
    private void Sync() => _actor.Ask<ActorIdentity>(new Identify(null), TimeSpan.FromSeconds(3), Cancel).GetAwaiter().GetResult();

    private T Expect<T>()
        where T : LinkMessage
    {
        var publish = _mediator.ExpectMsg<Publish>(cancellationToken: Cancel);
        Assert.Equal("lane.0.2", publish.Topic);
        return Assert.IsType<T>(publish.Message);
    }

    /// <summary>The first message to the peer that fits; what comes before it is passed over.</summary>
    private object Fish(Predicate<Publish> fits) => _mediator.FishForMessage(fits, cancellationToken: Cancel).Message;

    private void Say(LinkMessage message) => _actor.Tell(message, _peer.Ref);

    private void See()
    {
        _actor.Tell(new LaneSignal.Peer(Peer, PeerChange.Seen));
        _actor.Tell(new LaneSignal.Peer(Peer, PeerChange.Reachable));
        Expect<LinkHello>();
        Sync();
        while (_mediator.HasMessages)
        {
            Expect<LinkHello>();
        }
    }

    /// <summary>The peer's first incarnation is greeted both ways.</summary>
    private void Greet()
    {
        See();
        Say(new LinkHello(0, Peer, 1, LinkProtocol.Major, LinkProtocol.Minor, 1, 1));
        Assert.Equal(1, Expect<LinkWelcome>().Lowest);
        Say(new LinkWelcome(0, Peer, 1, 1, 1));
        Assert.Equal(0, _peer.ExpectMsg<LinkAck>(cancellationToken: Cancel).Number);
        Assert.Equal(Peer, _parent.ExpectMsg<LaneEvent.LinkReady>(cancellationToken: Cancel).Peer);
    }

    private FakePublish Post(string frame)
    {
        var command = new FakePublish("t", frame);
        _lane.Post(command);
        return command;
    }

    private static LeaveCommand LeaveOf(Subscription[] subscriptions)
    {
        var leave = new LeaveCommand(subscriptions[0]);
        Array.ForEach(subscriptions[1..], leave.Add);
        return leave;
    }

    private static LinkEnvelope Envelope(long number, string frame, long to = 1, long incarnation = 1)
    {
        var content = Encoding.UTF8.GetBytes(frame);
        var entry = new EnvelopeEntry(EntryKind.Publish, "t"u8, WireFormat.Json, 0, 0, content);
        var bytes = new byte[entry.Length];
        entry.Write(bytes);
        return new LinkEnvelope(0, Peer, incarnation, to, number, number, [bytes]);
    }

    private static List<ReadOnlyMemory<byte>> PiecesOf(string frame)
    {
        List<ReadOnlyMemory<byte>> pieces = [];
        Pieces.Cut(new EnvelopeEntry(EntryKind.Publish, "t"u8, WireFormat.Json, 0, 0, Encoding.UTF8.GetBytes(frame)), Options.Envelope, piece => pieces.Add(piece.Bytes));
        return pieces;
    }

    private static List<string> Frames(LinkEnvelope envelope, PieceAssembly? assembly = null)
    {
        List<string> frames = [];
        foreach (var part in envelope.Body)
        {
            var rest = part.Span;
            while (EnvelopeEntry.TryRead(ref rest, out var entry))
            {
                if (entry.Kind != EntryKind.Piece)
                {
                    frames.Add(Encoding.UTF8.GetString(entry.Payload));
                    continue;
                }

                Assert.True(assembly!.TryAdd(entry.Payload, out var whole));
                if (!whole.IsEmpty)
                {
                    Assert.True(EnvelopeEntry.TryRead(ref whole, out var put));
                    frames.Add(Encoding.UTF8.GetString(put.Payload));
                }
            }
        }

        return frames;
    }

    [Fact]
    public void Hello_is_repeated_until_the_welcome_and_answered_by_an_acknowledgement()
    {
        See();
        Advance(300);
        for (var n = 0; n < 2; n++)
        {
            Expect<LinkHello>();
        }

        Say(new LinkWelcome(0, Peer, 1, 1, 5));
        Assert.Equal(4, _peer.ExpectMsg<LinkAck>(cancellationToken: Cancel).Number);
        Advance(1200);
        Assert.Equal(0, ((LinkStatement)Fish(message => message.Message is LinkStatement)).Last);
        Advance(1200);
        Assert.Equal(0, Expect<LinkStatement>().Last);
    }

    [Fact]
    public async Task Burst_travels_as_one_envelope_after_one_flush_and_completes()
    {
        Greet();
        var hold = _topics.Hold();
        var commands = Enumerable.Range(0, 3).Select(n => Post($"#{n}")).ToList();
        hold.SetResult();
        var envelope = Expect<LinkEnvelope>();
        Assert.Equal(["#0", "#1", "#2"], Frames(envelope));
        Assert.Equal((1, 1, 1L), (envelope.Number, envelope.Lowest, envelope.To));
        await Task.WhenAll(commands.Select(command => command.Completed)).WaitAsync(Cancel);
        Sync();
        Assert.All(commands, command => Assert.Equal(1, command.Completions));
    }

    [Fact]
    public async Task Clients_that_leave_thousands_of_topics_hold_up_nobody()
    {
        const int Topics = 1000;
        const int Clients = 3;
        var hold = _topics.Hold();
        Post("held");
        for (var client = 0; client < Clients; client++)
        {
            var writer = new ConnectionWriter(client);
            _lane.Post(LeaveOf([.. Enumerable.Range(0, Topics).Select(_ => new Subscription(writer, "t"u8.ToArray(), 0))]));
        }

        var behind = Post("behind them");
        hold.SetResult();
        await behind.Completed.WaitAsync(Cancel);
        Assert.Equal(LaneTurn.LeaveSlice, _topics.LeftAtLast);
        Assert.True(_topics.HadLeavingAtLast);

        await Eventually.IsTrueAsync(() => _topics.Left == Clients * Topics, "all have left");
        Sync();
        Assert.Null(_lane.FirstPutOff);
    }

    [Fact]
    public async Task Leaving_keeps_pace_with_a_lane_that_is_never_done()
    {
        const int Burst = 3 * LaneTurn.Slice;
        var hold = _topics.Hold();
        var subscriptions = Enumerable.Range(0, Burst).Select(static n => new Subscription(new ConnectionWriter(n), "t"u8.ToArray(), 0)).ToArray();
        Post("held");
        _lane.Post(LeaveOf(subscriptions));
        var last = Enumerable.Range(0, Burst).Select(_ => Post("")).ToList()[^1];
        hold.SetResult();
        await last.Completed.WaitAsync(Cancel);

        // All but what the last slice brought.
        Assert.InRange(_topics.LeftAtLast, Burst - LaneTurn.Slice, Burst);
    }

    [Fact]
    public async Task Publishes_collect_while_envelopes_are_under_way()
    {
        Greet();
        for (var n = 0; n < 10; n++)
        {
            await Post($"#{n}").Completed.WaitAsync(Cancel);
        }

        for (var n = 0; n < OutgoingLink.MaxInFlight; n++)
        {
            Assert.Equal([$"#{n}"], Frames(Expect<LinkEnvelope>()));
        }

        Say(new LinkAck(0, Peer, 1, 1, 1));
        Assert.Equal(Enumerable.Range(OutgoingLink.MaxInFlight, 10 - OutgoingLink.MaxInFlight).Select(n => $"#{n}"), Frames(Expect<LinkEnvelope>()));
    }

    [Fact]
    public async Task Full_window_stops_publishers_until_it_is_acknowledged()
    {
        Greet();
        var commands = Enumerable.Range(0, 20).Select(_ => Post(new string('x', 900))).ToList();
        Sync();
        var taken = commands.Count(command => command.Completions == 1);
        Assert.InRange(taken, 6, 9);
        for (var n = 1; n <= OutgoingLink.MaxInFlight; n++)
        {
            Assert.Equal(n, Expect<LinkEnvelope>().Number);
        }

        // What other lanes left to it when it was told does not wait with its publishers.
        var flushes = _topics.Flushes;
        _lane.Disarm();
        _lane.Arm();
        Sync();
        Assert.Equal(flushes + 1, _topics.Flushes);

        Say(new LinkAck(0, Peer, 1, 1, OutgoingLink.MaxInFlight));
        await commands[taken].Completed.WaitAsync(Cancel);
        Assert.Equal(0, _counters.Skips);
    }

    [Fact]
    public async Task Peer_that_takes_nothing_is_skipped_after_the_wait_and_comes_back_by_welcome()
    {
        Greet();
        var commands = Enumerable.Range(0, 100).Select(_ => Post(new string('x', 900))).ToList();
        Sync();
        Advance(450);
        Assert.Equal(0, _counters.Skips);
        Assert.Contains(commands, command => command.Completions == 0);
        Advance(100);
        Assert.Equal(1, _counters.Skips);
        await Task.WhenAll(commands.Select(command => command.Completed)).WaitAsync(Cancel);
        Assert.InRange(_counters.MessagesLost, 6, 9);
        Advance(1000);
        var hello = Fish(message => message.Message is LinkHello) as LinkHello;
        Assert.True(hello!.Lowest > OutgoingLink.MaxInFlight + 1);
        Say(new LinkWelcome(0, Peer, 1, 1, 1));
        await Post("back").Completed.WaitAsync(Cancel);
        var envelope = (LinkEnvelope)Fish(message => message.Message is LinkEnvelope { Number: > OutgoingLink.MaxInFlight });
        Assert.Equal((hello.Lowest, hello.Lowest), (envelope.Number, envelope.Lowest));
        Assert.Equal(["back"], Frames(envelope));
    }

    [Fact]
    public async Task Unreachable_peer_is_skipped_at_once_and_greeted_again()
    {
        Greet();
        await Post("before").Completed.WaitAsync(Cancel);
        Expect<LinkEnvelope>();
        _actor.Tell(new LaneSignal.Peer(Peer, PeerChange.Unreachable));
        await Post("meanwhile").Completed.WaitAsync(Cancel);
        Advance(2000);
        Assert.False(_mediator.HasMessages);
        _actor.Tell(new LaneSignal.Peer(Peer, PeerChange.Reachable));
        Assert.Equal(3, Expect<LinkHello>().Lowest);
    }

    [Fact]
    public async Task Envelopes_that_lie_in_the_mailbox_are_flushed_and_acknowledged_once()
    {
        Greet();
        Sync();
        var flushes = _topics.Flushes;
        var hold = _topics.Hold();
        Post("hold");
        for (var n = 1; n <= 3; n++)
        {
            Say(Envelope(n, $"#{n}"));
        }

        hold.SetResult();
        Assert.Equal(3, _peer.ExpectMsg<LinkAck>(cancellationToken: Cancel).Number);
        Assert.False(_peer.HasMessages);
        Assert.Equal(flushes + 2, _topics.Flushes);
        for (var n = 1; n <= 3; n++)
        {
            Assert.Equal($"t=#{n}", await _topics.Lines.ReadAsync(Cancel));
        }
    }

    [Fact]
    public void Single_small_envelope_is_acknowledged_by_the_tick_and_two_at_once()
    {
        Greet();
        Say(Envelope(1, "#1"));
        Sync();
        Sync();
        Assert.False(_peer.HasMessages);
        Advance(100);
        Assert.Equal(1, _peer.ExpectMsg<LinkAck>(cancellationToken: Cancel).Number);
        Say(Envelope(2, "#2"));
        Say(Envelope(3, "#3"));
        Assert.Equal(3, _peer.ExpectMsg<LinkAck>(cancellationToken: Cancel).Number);
    }

    [Fact]
    public async Task Hole_is_asked_for_and_doubles_are_dropped()
    {
        Greet();
        Say(Envelope(1, "#1"));
        Say(Envelope(3, "#3") with { Lowest = 1 });
        Assert.Equal(2, _peer.FishForMessage<LinkResend>(_ => true, cancellationToken: Cancel).Number);
        Say(Envelope(2, "#2") with { Lowest = 1 });
        Say(Envelope(2, "#2") with { Lowest = 1 });
        Say(Envelope(3, "#3") with { Lowest = 1 });
        _peer.FishForMessage<LinkAck>(ack => ack.Number == 3, cancellationToken: Cancel);
        Assert.Equal("t=#1", await _topics.Lines.ReadAsync(Cancel));
        Assert.Equal("t=#2", await _topics.Lines.ReadAsync(Cancel));
        Assert.Equal("t=#3", await _topics.Lines.ReadAsync(Cancel));
        Assert.Equal(0, _counters.Gaps);
    }

    [Fact]
    public async Task Resend_request_brings_what_is_kept_in_order()
    {
        Greet();
        await Post("#1").Completed.WaitAsync(Cancel);
        await Post("#2").Completed.WaitAsync(Cancel);
        Expect<LinkEnvelope>();
        Expect<LinkEnvelope>();
        Say(new LinkResend(0, Peer, 1, 1, 1));
        Assert.Equal(["#1"], Frames(Expect<LinkEnvelope>()));
        Assert.Equal(["#2"], Frames(Expect<LinkEnvelope>()));
        Assert.Equal(2, _counters.Resent);
    }

    [Theory]
    [InlineData(2u, 2L)]
    [InlineData(9u, 1L)]
    public void Message_for_another_life_or_of_a_stranger_is_ignored(uint from, long to)
    {
        Greet();
        Say(Envelope(1, "#1", to) with { From = from });
        Say(new LinkHello(0, Peer, 1, LinkProtocol.Major, LinkProtocol.Minor, 1, 1));
        Expect<LinkWelcome>();
        Sync();
        Assert.False(_topics.Lines.TryRead(out _));
        Assert.False(_peer.HasMessages);
    }

    [Fact]
    public async Task New_incarnation_of_a_peer_is_a_gap_and_a_new_link()
    {
        Greet();
        Say(Envelope(1, "#1"));
        Say(new LinkHello(0, Peer, 2, LinkProtocol.Major, LinkProtocol.Minor, 1, 1));
        Say(Envelope(1, "#2", incarnation: 2));
        Assert.Equal("t=#1", await _topics.Lines.ReadAsync(Cancel));
        Assert.Equal(FakeLaneTopics.Gap, await _topics.Lines.ReadAsync(Cancel));
        Assert.Equal("t=#2", await _topics.Lines.ReadAsync(Cancel));
    }

    [Theory]
    [InlineData(LinkProtocol.Major + 1, 1)]
    [InlineData(LinkProtocol.Major - 1, 1)]
    [InlineData(LinkProtocol.Major, 8)]
    public void Peer_of_another_major_version_or_lane_count_is_refused(byte major, int lanes)
    {
        See();
        Say(new LinkHello(0, Peer, 1, major, 0, lanes, 1));
        Assert.Equal(Peer, _parent.ExpectMsg<LaneEvent.Refused>(cancellationToken: Cancel).Peer);
        Say(new LinkHello(0, Peer, 1, major, 0, lanes, 1));
        Advance(2000);
        Assert.False(_mediator.HasMessages);
        Assert.False(_parent.HasMessages);
    }

    [Fact]
    public async Task Removed_peer_is_a_gap_without_goodbye()
    {
        Greet();
        _actor.Tell(new LaneSignal.Peer(Peer, PeerChange.Removed));
        Assert.Equal(FakeLaneTopics.Gap, await _topics.Lines.ReadAsync(Cancel));
    }

    [Fact]
    public async Task Removed_peer_is_no_gap_after_goodbye_with_all_numbers()
    {
        Greet();
        Say(Envelope(1, "#1"));
        Say(new LinkStatement(0, Peer, 1, 1, 1, 2, Goodbye: true));
        _peer.FishForMessage<LinkAck>(ack => ack is { Number: 1, Goodbye: true }, cancellationToken: Cancel);
        _actor.Tell(new LaneSignal.Peer(Peer, PeerChange.Removed));
        Sync();
        Assert.Equal("t=#1", await _topics.Lines.ReadAsync(Cancel));
        Assert.False(_topics.Lines.TryRead(out _));
    }

    [Fact]
    public async Task Removed_peer_is_a_gap_after_goodbye_with_numbers_missing()
    {
        Greet();
        Say(new LinkStatement(0, Peer, 1, 1, 1, 1, Goodbye: true));
        Assert.Equal(1, _peer.ExpectMsg<LinkResend>(cancellationToken: Cancel).Number);
        _actor.Tell(new LaneSignal.Peer(Peer, PeerChange.Removed));
        Assert.Equal(FakeLaneTopics.Gap, await _topics.Lines.ReadAsync(Cancel));
    }

    [Fact]
    public async Task Farewell_takes_the_inbox_sends_it_and_repeats_goodbye_until_acknowledged()
    {
        Greet();
        var last = Post("last");
        _actor.Tell(LaneSignal.Farewell.Instance);
        await last.Completed.WaitAsync(Cancel);
        Assert.Equal(["last"], Frames(Expect<LinkEnvelope>()));
        Assert.True(Expect<LinkStatement>() is { Goodbye: true, Last: 1 });
        Advance(150);
        Assert.True(Fish(message => message.Message is LinkStatement) is LinkStatement { Goodbye: true, Last: 1 });
        var late = Post("late");
        Say(new LinkAck(0, Peer, 1, 1, 1, Goodbye: true));
        Assert.Equal(_identity, _parent.ExpectMsg<LaneEvent.FarewellDone>(cancellationToken: Cancel).Lane);
        Sync();
        Assert.Equal(0, late.Completions);
    }

    [Fact]
    public async Task Malformed_envelope_is_a_gap_after_what_could_be_read()
    {
        Greet();
        var whole = Envelope(1, "#1");
        Say(whole with { Body = [(byte[])[.. whole.Body[0].Span, 9, 9]] });
        Assert.Equal("t=#1", await _topics.Lines.ReadAsync(Cancel));
        Assert.Equal(FakeLaneTopics.Gap, await _topics.Lines.ReadAsync(Cancel));
        Advance(100);
        Assert.Equal(1, _peer.ExpectMsg<LinkAck>(cancellationToken: Cancel).Number);
    }

    [Fact]
    public async Task Message_above_the_envelope_size_travels_in_pieces_behind_what_was_before_it()
    {
        Greet();
        var hold = _topics.Hold();
        Post("small");
        Post(new string('x', 3000));
        var last = Post("last");
        hold.SetResult();
        await last.Completed.WaitAsync(Cancel);
        var assembly = new PieceAssembly();
        List<string> frames = [];
        long number = 0;
        while (frames.Count < 3)
        {
            if (_mediator.HasMessages)
            {
                var envelope = Expect<LinkEnvelope>();
                Assert.InRange(envelope.Length, 1, Options.Envelope);
                Assert.Equal(++number, envelope.Number);
                frames.AddRange(Frames(envelope, assembly));
            }
            else
            {
                Say(new LinkAck(0, Peer, 1, 1, number));
                Sync();
            }
        }

        Assert.Equal(["small", new string('x', 3000), "last"], frames);
    }

    [Fact]
    public async Task Pieces_of_a_peer_are_put_together_and_a_missing_one_is_a_gap()
    {
        Greet();
        var large = new string('x', 3100);
        var pieces = PiecesOf(large);
        Assert.Equal(4, pieces.Count);
        for (var n = 0; n < 4; n++)
        {
            Say(Envelope(n + 1, "") with { Body = [pieces[n]] });
        }

        Say(Envelope(5, "") with { Body = [pieces[0], pieces[2]] });
        Say(Envelope(6, "") with { Body = [pieces[3]] });
        Say(Envelope(7, "#7"));
        Assert.Equal("t=" + large, await _topics.Lines.ReadAsync(Cancel));
        Assert.Equal(FakeLaneTopics.Gap, await _topics.Lines.ReadAsync(Cancel));
        Assert.Equal("t=#7", await _topics.Lines.ReadAsync(Cancel));
        Sync();
        Assert.False(_topics.Lines.TryRead(out _));
    }

    [Fact]
    public async Task Failing_lane_stops_and_leaves_no_taken_command_waiting()
    {
        _parent.Watch(_actor);
        var hold = _topics.Hold();
        var before = Post("before");
        var failing = Post("fail");
        var after = Post("after");
        hold.SetResult();
        await before.Completed.WaitAsync(Cancel);
        await failing.Completed.WaitAsync(Cancel);
        _parent.ExpectTerminated(_actor, cancellationToken: Cancel);
        Assert.Equal(0, after.Completions);
    }

    [Fact]
    public void Failing_lane_drains_the_connections_it_holds()
    {
        _parent.Watch(_actor);
        Sync();
        var before = _topics.Flushes;
        Post("fail");
        _parent.ExpectTerminated(_actor, cancellationToken: Cancel);
        Assert.Equal(before + 1, _topics.Flushes);
    }

    [Fact]
    public void Fenced_lane_keeps_its_inbox_and_takes_it_when_the_fence_opens()
    {
        _fence.Open(0);
        var command = Post("waits");
        Sync();
        Advance((int)LaneActor.FenceWait.TotalMilliseconds - 100);
        Assert.Equal((0, 0, 0), (_topics.Executed, _topics.Refused, command.Completions));
        _fence.Open(long.MaxValue);
        Advance(50);
        Assert.Equal((1, 0, 1), (_topics.Executed, _topics.Refused, command.Completions));
    }

    [Fact]
    public void What_waited_long_for_the_fence_is_refused_and_so_is_what_follows()
    {
        _fence.Open(0);
        var command = Post("waits");
        Sync();
        Advance((int)LaneActor.FenceWait.TotalMilliseconds);
        Assert.True(command.IsRefused);
        Assert.Equal(1, command.Completions);
        var next = Post("late");
        Sync();
        Assert.True(next.IsRefused);
        Assert.Equal(0, _topics.Executed);

        // Open and closed again: it waits anew.
        _fence.Open(long.MaxValue);
        Post("taken");
        Sync();
        Assert.Equal(1, _topics.Executed);
        _fence.Open(0);
        var again = Post("waits again");
        Advance(1000);
        Assert.Equal(0, again.Completions);
    }

    [Fact]
    public void Lane_that_leaves_has_no_time_to_wait_for_the_fence()
    {
        _fence.Open(0);
        var command = Post("waits");
        Sync();
        Advance(200);
        _actor.Tell(LaneSignal.Farewell.Instance);
        _parent.ExpectMsg<LaneEvent.FarewellDone>(cancellationToken: Cancel);
        Assert.True(command.IsRefused);
    }

    [Fact]
    public async Task Batch_over_which_the_fence_closed_is_disowned_and_completes()
    {
        var first = Post("before");
        Sync();
        Assert.False(first.IsDisowned);
        var release = _topics.Hold();
        var command = Post("stands still");
        await _topics.Held.Task.WaitAsync(Cancel);
        _fence.Open(_time.GetTimestamp() + 1);
        _time.Advance(TimeSpan.FromSeconds(12));
        release.SetResult();
        Sync();
        Assert.True(command.IsDisowned);
        Assert.Equal(1, command.Completions);
    }
}
