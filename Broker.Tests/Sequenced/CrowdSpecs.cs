using System.Globalization;
using System.Text;
using Broker.Node.Delivery;
using Broker.Node.Lanes;
using Broker.Node.Sequenced;
using Broker.Protocol.Wire;

namespace Broker.Tests.Sequenced;

/// <summary>As many members on a topic as there may be, of three nodes, who come, go and are taken over all at once.</summary>
public sealed class CrowdSpecs
{
    private const int Crowd = 100_000;
    private const int MaxMessage = 64 * 1024;
    private static readonly byte[] Topic = "chat.crowd"u8.ToArray();

    private readonly PartitionNet _net = new(3);
    private readonly HashSet<string> _here = [];

    [Fact]
    public void Crowd_comes_is_paged_outlives_its_owner_and_goes_without_filling_a_link()
    {
        var owner = _net.Nodes[0];
        owner.Host.SetLease(true);
        foreach (var node in _net.Nodes)
        {
            node.Host.Replica.SetInterest(true);
        }

        _net.Run();
        _net.Tick();
        Come();
        Until(Crowd, 15);
        AssertCounts(Crowd);
        AssertPages(_net.Nodes[2]);

        // What was said at once may have had no room; from here on nothing is said at once.
        _net.NotTaken = 0;
        _here.RemoveWhere(static user => Number(user) % 3 == 0);
        _net.Kill(owner);
        owner = _net.Nodes[0];
        owner.Host.SetLease(true);
        _net.Run();
        Until(_here.Count, 10);
        _net.Tick();
        AssertCounts(_here.Count);
        AssertPages(_net.Nodes[1]);
        Assert.Equal(0, _net.NotTaken);
        foreach (var user in _here)
        {
            _net.Nodes[(Number(user) % 3) - 1].Host.Replica.SetMember(Topic, new TopicMember(Encoding.UTF8.GetBytes(user), default, default), 0);
        }

        Until(0, 15);
        AssertCounts(0);
        Assert.All(_net.Nodes, static node => Assert.Equal(0, node.Gaps));
        Assert.InRange(_net.Largest, 1, MaxMessage);
    }

    /// <summary>All in one second, before anything is sent.</summary>
    private void Come()
    {
        for (var i = 0; i < Crowd; i++)
        {
            var user = string.Create(CultureInfo.InvariantCulture, $"user-{i:D8}");
            _here.Add(user);
            var info = Encoding.UTF8.GetBytes($$"""{"name":"Somebody with a long name","colour":"{{i:x6}}"}""");
            _net.Nodes[i % 3].Host.Replica.SetMember(Topic, new TopicMember(Encoding.UTF8.GetBytes(user), info, WireFormat.Json), 1);
        }

        _net.Run();
    }

    private static int Number(string user) => int.Parse(user.AsSpan(5), CultureInfo.InvariantCulture);

    private void Until(int members, int seconds)
    {
        for (var second = 0; second < seconds && Members() != members; second++)
        {
            _net.Tick();
        }

        Assert.Equal(members, Members());
        _net.Tick();
    }

    private int Members() => _net.Nodes[0].Host.Replica.Log.Topics[Topic].Members;

    /// <summary>Above the members that are told one by one only their number is, and not more often than once a second.</summary>
    private void AssertCounts(int members)
    {
        foreach (var shown in _net.Nodes.Select(static node => node.Shown))
        {
            Assert.Equal(1000, shown.Count(static one => one.Entry.Forward is { Kind: ForwardKind.Join, IsQuiet: false }));
            Assert.Equal(members == 0 ? 999 : 0, shown.Count(static one => one.Entry.Forward is { Kind: ForwardKind.Leave, IsQuiet: false }));
            var counts = shown.Where(static one => one.Entry.Forward.Kind == ForwardKind.Count).ToList();
            Assert.Equal(counts.Count, counts.DistinctBy(static count => count.At).Count());
            Assert.Equal(members, BitConverter.ToInt64(counts[^1].Entry.Forward.Payload.Span[8..]));
        }
    }

    private void AssertPages(PartitionNet.Node node)
    {
        var seen = new List<string>();
        var after = 0L;
        do
        {
            node.Host.Replica.Ask(new TopicQuery(TopicQueryKind.Presence, Topic) { Members = 300, MembersAfter = after }, _net.Now + TimeSpan.FromSeconds(14));
            _net.Run();
            var members = node.Answer!.Members!;
            Assert.Equal((_here.Count, _here.Count), (members.Users, members.Connections));
            Assert.NotEmpty(members.Some);
            Assert.InRange(Length(members, WireFormat.Json), 1, MaxMessage);
            Assert.InRange(Length(members, WireFormat.MessagePack), 1, MaxMessage);
            seen.AddRange(members.Some.Select(static member => Encoding.UTF8.GetString(member.User)));
            after = members.After;
        }
        while (after > 0);

        Assert.Equal(_here.Order(StringComparer.Ordinal), seen.Order(StringComparer.Ordinal));
    }

    private static int Length(TopicMembers members, WireFormat format)
    {
        var buffer = new MessageBuffer();
        format.Codec().Write(buffer.Clear(), new PresenceMessage(default, Topic, members.ToWire(format)) { After = "100000"u8.ToArray() });
        return buffer.Written.Length;
    }
}
