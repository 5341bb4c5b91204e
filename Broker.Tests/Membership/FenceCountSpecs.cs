using Akka.Actor;
using Akka.Cluster;
using Broker.Node.Configuration.Options;
using Broker.Node.Membership;

namespace Broker.Tests.Membership;

public sealed class FenceCountSpecs
{
    private const long Now = 1000;

    private static Voter Self(int port) => new(At(port), MemberStatus.Up, IsSelf: true, 0);

    private static Voter Answers(int port, MemberStatus status = MemberStatus.Up, long until = Now + 100) => new(At(port), status, IsSelf: false, until);

    private static Voter Silent(int port, MemberStatus status = MemberStatus.Up) => new(At(port), status, IsSelf: false, Now);

    private static Address At(int port) => new("akka.tcp", "broker", "127.0.0.1", port);

    private static long OpenUntil(params Voter[] members) => FenceCount.OpenUntil(members, DowningMode.Majority, Now);

    [Fact]
    public void Node_that_is_no_member_promises_nothing() => Assert.Equal(0, OpenUntil(Answers(1)));

    [Fact]
    public void Node_alone_needs_no_answer() => Assert.Equal(long.MaxValue, OpenUntil(Self(1)));

    [Fact]
    public void Answer_of_one_of_two_others_opens_for_as_long_as_it_counts() =>
        Assert.Equal(Now + 100, OpenUntil(Self(2), Answers(1), Silent(3)));

    [Fact]
    public void Later_of_two_answers_that_are_each_enough_counts() =>
        Assert.Equal(Now + 200, OpenUntil(Self(2), Answers(1), Answers(3, until: Now + 200)));

    [Fact]
    public void Minority_of_three_is_closed() => Assert.Equal(0, OpenUntil(Self(1), Silent(2), Silent(3)));

    [Fact]
    public void Of_two_the_lowest_address_needs_no_answer_and_the_other_does()
    {
        Assert.Equal(long.MaxValue, OpenUntil(Self(1), Silent(2)));
        Assert.Equal(0, OpenUntil(Self(2), Silent(1)));
        Assert.Equal(Now + 100, OpenUntil(Self(2), Answers(1)));
    }

    [Theory]
    [InlineData(MemberStatus.Joining)]
    [InlineData(MemberStatus.WeaklyUp)]
    [InlineData(MemberStatus.Leaving)]
    public void Silent_member_on_its_way_in_or_out_counts_against(MemberStatus status) =>
        Assert.Equal(0, OpenUntil(Self(2), Silent(1, status)));

    [Theory]
    [InlineData(MemberStatus.Joining)]
    [InlineData(MemberStatus.Leaving)]
    public void Answer_of_a_member_on_its_way_in_or_out_is_no_vote(MemberStatus status) =>
        Assert.Equal(0, OpenUntil(Self(3), Answers(1, status), Silent(2)));

    [Theory]
    [InlineData(MemberStatus.Down)]
    [InlineData(MemberStatus.Exiting)]
    [InlineData(MemberStatus.Removed)]
    public void Member_that_is_gone_counts_for_nobody(MemberStatus status) =>
        Assert.Equal(long.MaxValue, OpenUntil(Self(2), Silent(1, status)));

    [Fact]
    public void Survivor_of_two_goes_on_whatever_its_address_and_of_three_needs_the_majority()
    {
        Assert.Equal(long.MaxValue, FenceCount.OpenUntil([Self(2), Silent(1)], DowningMode.Survivor, Now));
        Assert.Equal(0, FenceCount.OpenUntil([Self(2), Silent(1), Silent(3)], DowningMode.Survivor, Now));
    }

    /// <summary>
    /// Whatever a node sees, the side that it cannot hear, seen at its best, must not win as well: at most one side of a cut
    /// has an open fence.
    /// </summary>
    [Fact]
    public void Both_sides_of_any_cut_of_up_members_are_never_open()
    {
        for (var count = 2; count <= 6; count++)
        {
            for (var cut = 1; cut < (1 << count) - 1; cut++)
            {
                var open = Enumerable.Range(0, count).Where(self => IsOpen(self, cut, count)).Select(self => Side(self, cut)).Distinct();
                Assert.True(open.Count() <= 1, $"{count} members, cut {cut:b}");
            }
        }

        static int Side(int node, int cut) => (cut >> node) & 1;

        static bool IsOpen(int self, int cut, int count) => OpenUntil(
            [.. Enumerable.Range(0, count).Select(node => node == self ? Self(node + 1) : Side(node, cut) == Side(self, cut) ? Answers(node + 1) : Silent(node + 1))]) > Now;
    }
}
