using Broker.Node.Configuration.Options;
using Broker.Node.Links;
using CsCheck;

namespace Broker.Tests.Links;

public sealed class PeerLinkSpecs
{
    private static readonly LaneOptions Small = new() { Window = 4096, Envelope = 64 };

    private static LinkModel Greeted(int kind = (int)LinkKind.Broadcast, LaneOptions? options = null)
    {
        var model = new LinkModel(options ?? Small, (LinkKind)kind);
        model.Open();
        model.Settle();
        Assert.Equal(LinkState.Open, model.Sender.Outgoing.State);
        Assert.True(model.Receiver.IsReady);
        Assert.Empty(model.Log);
        return model;
    }

    /// <summary>Rises, and where numbers are missing there is a gap between.</summary>
    private static void AssertSignalled(LinkModel model, int from = 0)
    {
        var next = from;
        var gap = false;
        foreach (var entry in model.Log)
        {
            if (entry == LinkModel.Gap)
            {
                gap = true;
                continue;
            }

            Assert.True(entry >= next, $"{entry} after {next - 1}");
            Assert.True(entry == next || gap, $"{next}..{entry - 1} missing without gap");
            (next, gap) = (entry + 1, false);
        }

        Assert.True(next == model.Published || gap, $"{next}..{model.Published - 1} missing at the end without gap");
    }

    [Theory]
    [InlineData((int)LinkKind.Broadcast)]
    [InlineData((int)LinkKind.Owned)]
    public void Lossless_channel_delivers_everything_without_gap(int kind)
    {
        var model = Greeted(kind);
        for (var n = 0; n < 100; n++)
        {
            model.Publish();
            model.DeliverAll();
        }

        Assert.Equal(Enumerable.Range(0, 200), model.Log);
        Assert.True(model.Sender.Outgoing.IsEmpty);
        Assert.Equal(0, model.Sender.Outgoing.KeptBytes);
    }

    [Theory]
    [InlineData((int)LinkKind.Broadcast)]
    [InlineData((int)LinkKind.Owned)]
    public void Lossy_doubling_reordering_channel_delivers_the_sequence_without_gap(int kind) =>
        Gen.Select(Gen.Int[0, 6], Gen.Int[0, 1000]).Array[1, 300].Sample(steps =>
        {
            var model = Greeted(kind, Small with { Window = 1 << 20 });
            Run(model, steps);
            model.Settle();
            Assert.Equal(Enumerable.Range(0, model.Published), model.Log);
        }, iter: 2000);

    [Theory]
    [InlineData((int)LinkKind.Broadcast)]
    [InlineData((int)LinkKind.Owned)]
    public void Skips_and_unreachability_show_as_gap_and_the_link_comes_back(int kind) =>
        Gen.Select(Gen.Int[0, 9], Gen.Int[0, 1000]).Array[1, 300].Sample(steps =>
        {
            var model = Greeted(kind);
            Run(model, steps);
            model.Reachable();
            model.Settle();
            AssertSignalled(model);
            var before = model.Published;
            model.Publish();
            model.Settle();
            Assert.Equal([before, before + 1], model.Log[^2..]);
        }, iter: 2000);

    [Theory]
    [InlineData((int)LinkKind.Broadcast)]
    [InlineData((int)LinkKind.Owned)]
    public void Replaced_sender_shows_as_gap_and_goes_on(int kind) =>
        Gen.Select(Gen.Int[0, 11], Gen.Int[0, 1000]).Array[1, 300].Sample(steps =>
        {
            var model = Greeted(kind);
            Run(model, steps);
            model.Reachable();
            model.Settle();
            AssertSignalled(model);
        }, iter: 2000);

    [Fact]
    public void Kept_bytes_never_exceed_the_window_by_more_than_a_message_when_publishers_wait()
    {
        var model = Greeted();
        for (var n = 0; n < 1000 && model.Sender.Outgoing.Room > 0; n++)
        {
            model.Publish();
        }

        Assert.True(model.Sender.Outgoing.IsFull);
        Assert.InRange(model.MostKept, Small.Window, Small.Window + 8 + 128);
        model.Skip();
        Assert.Equal(0, model.Sender.Outgoing.KeptBytes);
        for (var n = 0; n < 1000; n++)
        {
            model.Publish();
        }

        Assert.Equal(0, model.Sender.Outgoing.KeptBytes);
        model.Settle();
        AssertSignalled(model);
    }

    [Fact]
    public void Owned_link_refuses_what_is_beyond_its_window_and_misses_nothing()
    {
        var model = Greeted((int)LinkKind.Owned);
        for (var n = 0; n < 1000; n++)
        {
            model.Publish();
        }

        Assert.InRange(model.MostKept, Small.Window, Small.Window + 8 + 128);
        Assert.InRange(model.Refused, 900, 999);
        model.Settle();
        Assert.Equal(Enumerable.Range(0, model.Published), model.Log);
        model.Publish();
        model.Settle();
        Assert.Equal(Enumerable.Range(0, model.Published), model.Log);
    }

    [Fact]
    public void Owned_link_says_nothing_until_its_first_entry_which_it_keeps_while_it_greets()
    {
        var model = new LinkModel(Small, LinkKind.Owned);
        model.Settle();
        model.Sender.Reachable(model.Now);
        Assert.Equal(LinkDue.None, model.Sender.Due(model.Now + TimeSpan.FromHours(1)));
        Assert.False(model.Sender.IsBusy);
        Assert.True(model.Sender.IsFarewellDone);
        Assert.True(model.Sender.IsDormant && model.Receiver.IsDormant);
        model.Publish();
        Assert.Equal(LinkState.Keeping, model.Sender.Outgoing.State);
        model.Settle();
        Assert.Equal([0, 1], model.Log);
        Assert.True(model.Sender.IsReady && model.Receiver.IsReady);
    }

    [Fact]
    public void Owned_link_to_an_unreachable_peer_refuses()
    {
        var model = new LinkModel(Small, LinkKind.Owned);
        model.Unreachable();
        model.Publish();
        Assert.Equal((1, 0), (model.Refused, model.Published));
        model.Reachable();
        model.Publish();
        model.Settle();
        Assert.Equal([0, 1], model.Log);
    }

    [Fact]
    public void Unanswered_hello_keeps_at_most_the_window_and_nobody_waits()
    {
        var link = new PeerLink(2, LinkKind.Broadcast, 1, Small);
        Assert.NotNull(link.OnHello(1, 1));
        for (var n = 0; n < 1000; n++)
        {
            Assert.Equal(int.MaxValue, link.Outgoing.Room);
            link.Outgoing.Offer(new Segment(new byte[100], 1));
            Assert.InRange(link.Outgoing.KeptBytes, 0, Small.Window);
        }

        Assert.False(link.Outgoing.TryTake(out _));
        Assert.True(link.Outgoing.Lowest > 1);
    }

    [Theory]
    [InlineData((int)LinkKind.Broadcast)]
    [InlineData((int)LinkKind.Owned)]
    public void Lost_tail_is_found_by_the_statement(int kind)
    {
        var model = Greeted(kind);
        model.Publish();
        model.Lose(0);
        Assert.Empty(model.Log);
        model.Advance(PeerLink.StalledStatementInterval);
        model.DeliverAll();
        Assert.Equal([0, 1], model.Log);
    }

    [Theory]
    [InlineData((int)LinkKind.Broadcast)]
    [InlineData((int)LinkKind.Owned)]
    public void Lost_acknowledgement_is_repeated_by_the_statement(int kind)
    {
        var model = Greeted(kind);
        model.Publish();
        model.Deliver(0);
        model.Lose(0);
        Assert.Equal(1, model.Sender.Outgoing.InFlight);
        model.Advance(PeerLink.StalledStatementInterval);
        model.DeliverAll();
        Assert.True(model.Sender.Outgoing.IsEmpty);
        Assert.Equal([0, 1], model.Log);
    }

    [Theory]
    [InlineData((int)LinkKind.Broadcast)]
    [InlineData((int)LinkKind.Owned)]
    public void Idle_link_states_its_last_number_every_second(int kind)
    {
        var model = Greeted(kind);
        Assert.Equal(LinkDue.None, model.Sender.Due(model.Now));
        Assert.Equal(LinkDue.Statement, model.Sender.Due(model.Now + PeerLink.StatementInterval));
    }

    [Fact]
    public void Hole_is_asked_for_once_until_the_next_statement()
    {
        var link = new IncomingLink();
        Assert.Equal(new Arrival(false, true, 0), link.Envelope(1, 1));
        Assert.Equal(new Arrival(false, false, 2), link.Envelope(3, 2));
        Assert.Equal(new Arrival(false, false, 0), link.Envelope(4, 2));
        Assert.Equal(new Arrival(false, false, 2), link.Statement(4, 2));
        Assert.Equal(new Arrival(false, true, 0), link.Envelope(2, 2));
        Assert.Equal(2, link.Acknowledged);
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    public void First_position_above_one_is_a_gap(long lowest, bool gap) =>
        Assert.Equal(gap, new IncomingLink().Position(lowest).Gap);

    [Fact]
    public void Goodbye_with_all_numbers_is_no_loss()
    {
        var link = new PeerLink(2, LinkKind.Broadcast, 1, Small);
        link.OnEnvelope(1, 1, 1);
        link.OnStatement(1, 2, 1, goodbye: true);
        Assert.False(link.Incoming.IsComplete);
        Assert.False(link.IsDeparted);
        link.OnEnvelope(1, 2, 1);
        Assert.True(link.Incoming.IsComplete);
        link.OnStatement(1, 2, 3, goodbye: true);
        Assert.True(link.IsDeparted);
    }

    [Fact]
    public void Goodbye_waits_until_everything_was_sent()
    {
        var link = new PeerLink(2, LinkKind.Broadcast, 1, Small);
        link.OnHello(1, 1);
        link.OnWelcome(1, 1);
        for (var n = 0; n < OutgoingLink.MaxInFlight + 1; n++)
        {
            link.Outgoing.Offer(new Segment(new byte[64], 1));
        }

        while (link.Outgoing.TryTake(out _))
        {
        }

        link.Leave();
        Assert.False(link.Due(TimeSpan.FromSeconds(1)).HasFlag(LinkDue.Goodbye));
        link.OnAck(1, OutgoingLink.MaxInFlight, goodbye: false);
        Assert.True(link.Outgoing.TryTake(out _));
        Assert.True(link.Due(TimeSpan.FromSeconds(2)).HasFlag(LinkDue.Goodbye));
        Assert.False(link.IsFarewellDone);
        link.OnAck(1, OutgoingLink.MaxInFlight + 1, goodbye: true);
        Assert.True(link.IsFarewellDone);
    }

    [Fact]
    public void Past_incarnation_is_ignored()
    {
        var link = new PeerLink(2, LinkKind.Broadcast, 1, Small);
        Assert.NotNull(link.OnHello(2, 1));
        Assert.Null(link.OnHello(1, 1));
        Assert.Null(link.OnWelcome(1, 1));
        Assert.Null(link.OnEnvelope(1, 1, 1));
        Assert.Null(link.OnStatement(1, 1, 1, goodbye: true));
        Assert.Empty(link.OnResend(1, 1));
    }

    [Fact]
    public void Acknowledgement_of_a_number_never_sent_is_ignored()
    {
        var link = new PeerLink(2, LinkKind.Broadcast, 1, Small);
        link.OnWelcome(1, 1);
        link.Outgoing.Offer(new Segment(new byte[10], 1));
        Assert.True(link.Outgoing.TryTake(out _));
        link.OnAck(1, 7, goodbye: false);
        Assert.Equal(1, link.Outgoing.InFlight);
    }

    // 0-2 publish, 3 deliver, 4 lose, 5 double, 6 time, 7 skip, 8 unreachable, 9 reachable, 10-11 replace the sender (rarely)
    private static void Run(LinkModel model, (int Kind, int Value)[] steps)
    {
        foreach (var (kind, value) in steps)
        {
            switch (kind)
            {
                case <= 2: model.Publish(); break;
                case 3 when model.Underway > 0: model.Deliver(value % model.Underway); break;
                case 4 when model.Underway > 0: model.Lose(value % model.Underway); break;
                case 5 when model.Underway > 0: model.Double(value % model.Underway); break;
                case 6: model.Advance(TimeSpan.FromMilliseconds(value)); break;
                case 7: model.Skip(); break;
                case 8: model.Unreachable(); break;
                case 9: model.Reachable(); break;
                case >= 10 when value % 10 == 0: model.Replace(); break;
                default: break;
            }
        }
    }
}
