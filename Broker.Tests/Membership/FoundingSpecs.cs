using Akka.Actor;
using Broker.Node.Membership;

namespace Broker.Tests.Membership;

public sealed class FoundingSpecs
{
    private static readonly Address One = At(1);
    private static readonly Address Two = At(2);
    private static readonly Address Three = At(3);

    private static Address At(int port) => new("akka.tcp", "broker", "127.0.0.1", port);

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);

    private static HashSet<Address> Members(params Address[] members) => [.. members];

    private static Founding Founding(Address[] seeds, int? required = null, bool isNamed = true) => new(seeds, One, required, isNamed);

    [Fact]
    public void Node_without_seeds_that_nobody_can_know_serves_at_once() =>
        Assert.Equal("", Founding([], isNamed: false).Missing(Members(One), TimeSpan.Zero));

    [Fact]
    public void Node_without_seeds_whose_port_others_may_know_listens_first()
    {
        var founding = Founding([]);
        Assert.NotEqual("", founding.Missing(Members(One), Seconds(2.9)));
        Assert.Equal("", founding.Missing(Members(One), Seconds(3)));
    }

    [Fact]
    public void Whoever_is_asked_by_another_cluster_waits_again()
    {
        var founding = Founding([One]);
        founding.Asked(Seconds(2));
        Assert.NotEqual("", founding.Missing(Members(One), Seconds(4.9)));
        Assert.Equal("", founding.Missing(Members(One), Seconds(5)));
    }

    [Fact]
    public void Of_three_seeds_a_majority_must_be_members()
    {
        var founding = Founding([One, Two, Three]);
        founding.Absent(Two, Seconds(9));
        founding.Absent(Three, Seconds(9));
        Assert.Contains("1 of 3", founding.Missing(Members(One), Seconds(10)), StringComparison.Ordinal);
        Assert.Equal("", founding.Missing(Members(One, Three), Seconds(10)));
    }

    [Fact]
    public void Of_two_seeds_one_serves_alone_only_while_the_other_is_known_to_be_away()
    {
        var founding = Founding([One, Two]);
        Assert.Contains("127.0.0.1:2", founding.Missing(Members(One), Seconds(10)), StringComparison.Ordinal);
        founding.Absent(Two, Seconds(10));
        Assert.Equal("", founding.Missing(Members(One), Seconds(14)));
        Assert.NotEqual("", founding.Missing(Members(One), Seconds(15)));
        Assert.Equal("", founding.Missing(Members(One, Two), Seconds(15)));
    }

    [Fact]
    public void Setting_says_how_many_seeds_are_enough_and_nothing_serves_unheard()
    {
        var founding = Founding([One, Two, Three], required: 1);
        Assert.NotEqual("", founding.Missing(Members(One), Seconds(2)));
        Assert.Equal("", founding.Missing(Members(One), Seconds(3)));
        Assert.NotEqual("", Founding([One, Two, Three], required: 3).Missing(Members(One, Two), Seconds(3)));
    }

    [Fact]
    public void Member_that_serves_is_enough()
    {
        var founding = Founding([One, Two, Three]);
        founding.ServingHeard = true;
        Assert.Equal("", founding.Missing(Members(One), TimeSpan.Zero));
    }

    [Fact]
    public void Where_clusters_meet_exactly_one_stays()
    {
        ClusterStanding[] ranked = [new(true, 2, One), new(true, 2, Two), new(true, 1, One), new(false, 3, One), new(false, 1, Two)];
        foreach (var (i, winner) in ranked.Index())
        {
            foreach (var loser in ranked.Skip(i + 1))
            {
                Assert.True(winner.Beats(loser));
                Assert.False(loser.Beats(winner));
            }
        }
    }
}
