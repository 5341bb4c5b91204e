using Broker.Node.Configuration.Options;
using Broker.Node.Links;

namespace Broker.Tests.Links;

/// <summary>Two nodes, both links of each.</summary>
public sealed class LinkSetSpecs
{
    private static readonly LaneOptions Small = new() { Window = 4096, Envelope = 256 };
    private readonly LinkedList<(LinkSetModel From, LinkSetModel To, LinkMessage Message)> _channel = new();
    private readonly List<LinkSetModel> _nodes = [];
    private LinkSetModel _one;
    private readonly LinkSetModel _two;
    private bool _isCut;

    public LinkSetSpecs()
    {
        _one = new LinkSetModel(1, _nodes, _channel, Small);
        _two = new LinkSetModel(2, _nodes, _channel, Small);
        _one.Set.See(2);
        _two.Set.See(1);
        Run(TimeSpan.FromSeconds(2));
        Assert.Contains("broadcast ready", _one.Lines);
        Assert.Contains("broadcast ready", _two.Lines);
        Forget();
    }

    private void Run(TimeSpan time)
    {
        for (var end = _one.Now + time; _one.Now < end;)
        {
            Deliver();
            foreach (var node in _nodes)
            {
                node.Now += TimeSpan.FromMilliseconds(100);
                node.Set.SendAcks(all: true);
                node.Set.Tick(node.Now);
            }
        }

        Deliver();
    }

    private void Deliver()
    {
        while (_channel.First is { } first)
        {
            _channel.RemoveFirst();
            if (!_isCut)
            {
                first.Value.To.Set.Take(first.Value.Message, first.Value.From.Self, first.Value.To.Now);
                first.Value.To.Set.SendAcks(all: false);
            }
        }
    }

    private void Forget() => _nodes.ForEach(static node =>
    {
        node.Lines.Clear();
        node.Said.Clear();
    });

    private void Open()
    {
        Assert.True(_one.TryOffer(2, LinkKind.Owned, "first"));
        Run(TimeSpan.FromSeconds(1));
        Assert.Contains("owned first", _two.Lines);
        Assert.Contains("owned ready", _one.Lines);
        Forget();
    }

    [Fact]
    public void An_owned_link_that_is_not_used_costs_nothing()
    {
        Run(TimeSpan.FromHours(0.1));
        Assert.All(_one.Said, static message => Assert.Equal(LinkKind.Broadcast, message.Link));
        Assert.All(_two.Said, static message => Assert.Equal(LinkKind.Broadcast, message.Link));
    }

    [Fact]
    public void The_first_entry_opens_the_owned_link_both_ways()
    {
        Open();
        Assert.True(_two.TryOffer(1, LinkKind.Owned, "back"));
        Deliver();
        Assert.Equal(["owned back"], _one.Lines);
    }

    [Fact]
    public void Each_owned_envelope_is_acknowledged_at_once_and_a_broadcast_one_later()
    {
        Open();
        _one.TryOffer(2, LinkKind.Owned, "owned");
        Deliver();
        Assert.Equal((LinkKind.Owned, 2L), (Assert.Single(_two.Said.OfType<LinkAck>()).Link, Assert.Single(_two.Said.OfType<LinkAck>()).Number));
        _one.Broadcast("all");
        Deliver();
        Assert.Single(_two.Said.OfType<LinkAck>());
        _two.Set.SendAcks(all: true);
        Assert.Equal(LinkKind.Broadcast, _two.Said.OfType<LinkAck>().Last().Link);
    }

    [Fact]
    public void A_full_owned_window_refuses_and_stalls_nobody()
    {
        Open();
        var taken = 0;
        while (_one.TryOffer(2, LinkKind.Owned, $"{taken}"))
        {
            taken++;
        }

        Assert.InRange(taken, 10, 100);
        Assert.Equal(Small.Window, _one.Set.Room());
        Assert.Empty(_one.Set.SkipFull(_one.Now));
        _one.Broadcast("passes");
        Run(TimeSpan.FromSeconds(1));
        Assert.Equal(["broadcast passes", .. Enumerable.Range(0, taken).Select(static n => $"owned {n}")], _two.Lines.Order(Comparer<string>.Create(static (a, b) => a[0] - b[0] != 0 ? a[0] - b[0] : Number(a) - Number(b))));
        Assert.True(_one.TryOffer(2, LinkKind.Owned, "again"));
    }

    private static int Number(string line) => int.TryParse(line.Split(' ')[1], out var number) ? number : -1;

    [Theory]
    [InlineData((int)LinkKind.Broadcast)]
    [InlineData((int)LinkKind.Owned)]
    public void An_entry_goes_to_the_one_peer_it_was_offered_to(int kind)
    {
        var three = new LinkSetModel(3, _nodes, _channel, Small);
        three.Set.See(1);
        _one.Set.See(3);
        Assert.True(_one.TryOffer(2, (LinkKind)kind, "yours"));
        _one.Broadcast("all");
        Run(TimeSpan.FromSeconds(1));
        Assert.Contains(_two.Lines, static line => line.EndsWith("yours", StringComparison.Ordinal));
        Assert.DoesNotContain(three.Lines, static line => line.EndsWith("yours", StringComparison.Ordinal));
        Assert.False(_one.TryOffer(9, (LinkKind)kind, "nobody"));
    }

    [Theory]
    [InlineData((int)LinkKind.Broadcast)]
    [InlineData((int)LinkKind.Owned)]
    public void A_large_entry_arrives_whole(int kind)
    {
        Open();
        var large = new string('x', 20_000);
        Assert.True(_one.TryOffer(2, (LinkKind)kind, large));
        Assert.Equal(kind == (int)LinkKind.Broadcast, _one.TryOffer(2, (LinkKind)kind, "last"));
        Run(TimeSpan.FromSeconds(1));
        Assert.Equal(large, _two.Lines[0].Split(' ')[1]);
        Assert.Equal(kind == (int)LinkKind.Broadcast ? 2 : 1, _two.Lines.Count);
    }

    [Fact]
    public void What_an_unreachable_peer_was_to_get_is_a_gap_of_the_owned_link_on_both_sides()
    {
        Open();
        _isCut = true;
        Assert.True(_one.TryOffer(2, LinkKind.Owned, "lost"));
        Deliver();
        _one.Set.Unreachable(2);
        Assert.Equal(["owned gap"], _one.Lines);
        Assert.False(_one.TryOffer(2, LinkKind.Owned, "refused"));
        _isCut = false;
        _one.Set.Reachable(2, _one.Now);
        Run(TimeSpan.FromSeconds(2));
        Assert.Contains("owned gap", _two.Lines);
        Assert.True(_one.TryOffer(2, LinkKind.Owned, "stated again"));
        Deliver();
        Assert.Equal("owned stated again", _two.Lines[^1]);
    }

    [Fact]
    public void A_new_incarnation_is_a_gap_of_both_links_though_it_speaks_on_one()
    {
        Open();
        _one = new LinkSetModel(1, _nodes, _channel, Small, incarnation: 2) { Now = _two.Now };
        _one.Set.See(2);
        Run(TimeSpan.FromSeconds(1));
        Assert.Equal(1, _two.Lines.Count(static line => line == "owned gap"));
        Assert.Equal(1, _two.Lines.Count(static line => line == "broadcast gap"));
        Assert.True(_two.TryOffer(1, LinkKind.Owned, "states again"));
        Deliver();
        Assert.Equal("owned states again", _one.Lines[^1]);
    }

    [Theory]
    [InlineData((int)LinkKind.Broadcast, 1)]
    [InlineData((int)LinkKind.Owned, 0)]
    public void An_entry_its_owner_can_make_nothing_of_is_a_gap_of_that_link(int kind, int gaps)
    {
        Open();
        _two.IsRefusing = true;
        _one.TryOffer(2, (LinkKind)kind, "nonsense");
        Deliver();
        var name = kind == (int)LinkKind.Owned ? "owned" : "broadcast";
        Assert.Equal(name + " nonsense", _two.Lines[0]);
        Assert.StartsWith("malformed", _two.Lines[1], StringComparison.Ordinal);
        Assert.Equal(name + " gap", _two.Lines[2]);
        Assert.Equal(gaps, _two.Counters.Gaps);
    }

    [Fact]
    public void Both_links_say_goodbye()
    {
        Open();
        _one.Set.Leave();
        Assert.False(_one.Set.IsFarewellDone);
        Run(TimeSpan.FromSeconds(1));
        Assert.True(_one.Set.IsFarewellDone);
        Assert.Equal(2, _two.Said.OfType<LinkAck>().Where(static ack => ack.Goodbye).Select(static ack => ack.Link).Distinct().Count());
        _two.Set.Remove(1);
        Assert.DoesNotContain("broadcast gap", _two.Lines);
    }

    [Fact]
    public void The_owned_link_lives_while_the_peer_leaves_until_it_is_removed()
    {
        Open();
        _one.Set.Depart(2);
        Assert.True(_one.TryOffer(2, LinkKind.Owned, "still"));
        Deliver();
        Assert.Equal(["owned still"], _two.Lines);
        _one.Set.Remove(2);
        Assert.False(_one.TryOffer(2, LinkKind.Owned, "gone"));
    }
}
