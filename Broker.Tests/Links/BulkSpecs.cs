using Broker.Node.Configuration.Options;
using Broker.Node.Links;

namespace Broker.Tests.Links;

/// <summary>Pages of logs and histories, and live entries, on one owned link whose acknowledgements come when a spec says so.</summary>
public sealed class BulkSpecs
{
    private const int Envelope = 64 * 1024;
    private const int Page = 60_000;

    private static readonly LaneOptions Options = new() { Window = 1024 * 1024, Envelope = Envelope };

    private readonly LinkedList<(LinkSetModel From, LinkSetModel To, LinkMessage Message)> _channel = new();
    private readonly LinkSetModel _one;
    private readonly LinkSetModel _two;

    public BulkSpecs()
    {
        List<LinkSetModel> nodes = [];
        _one = new LinkSetModel(1, nodes, _channel, Options);
        _two = new LinkSetModel(2, nodes, _channel, Options);
        _one.Set.See(2);
        _two.Set.See(1);
        Assert.True(_one.TryOffer(2, LinkKind.Owned, "first"));
        for (var i = 0; i < 30; i++)
        {
            Deliver();
            foreach (var node in nodes)
            {
                node.Now += TimeSpan.FromMilliseconds(100);
                node.Set.SendAcks(all: true);
                node.Set.Tick(node.Now);
            }
        }

        Deliver();
        Assert.Contains("owned first", _two.Lines);
        _two.Lines.Clear();
        _one.Said.Clear();
    }

    /// <summary>What has come, by the first words.</summary>
    private IReadOnlyList<string> Came => [.. _two.Lines.Select(static line => line.Split(' ')[1]).Where(static word => word != "ready")];

    private int BytesUnderWay => _channel.Select(static sent => sent.Message).OfType<LinkEnvelope>().Sum(static envelope => envelope.Length);

    private bool TryOffer(string name, int length, bool isBulk) => _one.TryOffer(2, LinkKind.Owned, $"{name} {new string('x', length)}", isBulk);

    private void Deliver()
    {
        while (_channel.Count > 0)
        {
            DeliverOne();
        }
    }

    private void DeliverOne()
    {
        var (from, to, message) = _channel.First!.Value;
        _channel.RemoveFirst();
        to.Set.Take(message, from.Self, to.Now);
        to.Set.SendAcks(all: false);
    }

    [Fact]
    public void A_live_entry_passes_the_bulk_that_waits()
    {
        for (var i = 0; i < 10; i++)
        {
            Assert.True(TryOffer($"page{i}", Page, isBulk: true));
        }

        Assert.InRange(BytesUnderWay, 1, OutgoingLink.MaxBulk);
        Assert.True(TryOffer("live", 100, isBulk: false));
        Deliver();
        Assert.Equal(11, Came.Count);
        Assert.InRange(Came.ToList().IndexOf("live"), 0, OutgoingLink.MaxBulk / Page);
        Assert.Equal(Enumerable.Range(0, 10).Select(static i => $"page{i}"), Came.Where(static name => name != "live"));
    }

    [Fact]
    public void Bulk_that_the_link_has_no_room_for_is_refused_and_live_entries_are_not()
    {
        var pages = 0;
        while (TryOffer($"page{pages}", Page, isBulk: true))
        {
            pages++;
        }

        Assert.InRange(pages, 2, 2 + (Options.Window / Page));
        Assert.True(_one.Set.Accepts(2));
        Assert.True(TryOffer("live", 100, isBulk: false));
        Deliver();
        Assert.Equal(pages + 1, Came.Count);
        Assert.True(TryOffer("again", Page, isBulk: true));
    }

    [Fact]
    public void Bulk_comes_however_much_is_live()
    {
        for (var i = 0; i < 8; i++)
        {
            Assert.True(TryOffer($"live{i}", Page, isBulk: false));
        }

        Assert.True(TryOffer("page", Page, isBulk: true));
        for (var i = 8; i < 100 && !Came.Contains("page"); i++)
        {
            // As much as was taken: something live always waits.
            Assert.True(TryOffer($"live{i}", Page, isBulk: false));
            DeliverOne();
            DeliverOne();
        }

        Assert.Contains("page", Came);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Nothing_comes_between_the_pieces_of_an_entry(bool isBulkFirst)
    {
        Assert.True(TryOffer("large", 8 * Envelope, isBulkFirst));
        Assert.True(TryOffer("small", 100, !isBulkFirst));
        Assert.True(TryOffer("last", 8 * Envelope, isBulkFirst));
        Deliver();
        Assert.Equal(["large", "last", "small"], Came.Order());
        Assert.All(_two.Lines, static line => Assert.DoesNotContain("malformed", line, StringComparison.Ordinal));
    }

    [Fact]
    public void Bulk_that_was_given_up_leaves_the_link_in_order()
    {
        Assert.True(TryOffer("large", 8 * Envelope, isBulk: true));
        _one.Set.Unreachable(2);
        _channel.Clear();
        Assert.False(TryOffer("refused", 100, isBulk: true));
        _one.Set.Reachable(2, _one.Now);
        for (var i = 0; i < 30; i++)
        {
            _one.Now += TimeSpan.FromMilliseconds(100);
            _one.Set.Tick(_one.Now);
            Deliver();
        }

        Assert.True(TryOffer("live", 100, isBulk: false));
        Assert.True(TryOffer("page", 8 * Envelope, isBulk: true));
        Deliver();
        Assert.Equal(["gap", "live", "page"], Came);
    }
}
