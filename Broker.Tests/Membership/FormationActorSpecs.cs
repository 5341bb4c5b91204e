using Akka.Actor;
using Akka.Remote;
using Akka.TestKit;
using Akka.TestKit.Xunit;
using Broker.Node.Configuration.Options;
using Broker.Node.Membership;
using Microsoft.Extensions.Time.Testing;

namespace Broker.Tests.Membership;

/// <summary>One node in virtual time; what it would do is recorded.</summary>
public sealed class FormationActorSpecs : TestKit
{
    private const string Config = """
        akka.scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit"
        akka.actor.provider = cluster
        akka.coordinated-shutdown.run-by-actor-system-terminate = off
        akka.remote.dot-netty.tcp { hostname = "127.0.0.1"
          port = 0 }
        akka.loglevel = WARNING
        akka.stdout-loglevel = OFF
        """;

    private readonly FakeTimeProvider _time = new();
    private readonly TestProbe _done;
    private readonly Akka.Cluster.Cluster _cluster;
    private IActorRef _actor = ActorRefs.Nobody;
    private bool _serves;

    public FormationActorSpecs()
        : base(Config)
    {
        _done = CreateTestProbe();
        _cluster = Akka.Cluster.Cluster.Get(Sys);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static TimeSpan Soon => TimeSpan.FromSeconds(5);

    private IActorRef Start(ClusterOptions? options = null, SeedAnswer answer = SeedAnswer.Refuses)
    {
        var done = _done.Ref;
        var context = new FormationContext(
            () => _serves,
            seed =>
            {
                done.Tell($"probe {seed.Port}");
                return Task.FromResult(answer);
            },
            address => done.Tell(address.Equals(_cluster.SelfAddress) ? "join itself" : $"join {address.Host}"),
            missing => done.Tell($"missing: {missing}"),
            (seeds, first) => done.Tell($"waiting {seeds}, first {first}"),
            () => done.Tell("pair"),
            reason => done.Tell($"end: {reason}"));
        var used = options ?? new ClusterOptions();
        var actor = Sys.ActorOf(Props.Create(() => new FormationActor(used, context, _time)));
        _actor = actor;
        Sync(actor);
        return actor;
    }

    /// <summary>The next word of this kind; others are passed over.</summary>
    private string Next(string kind) => (string)_done.FishForMessage(word => word is string text && text.StartsWith(kind, StringComparison.Ordinal), Soon, cancellationToken: Cancel);

    private void Advance(double seconds)
    {
        for (var left = seconds; left > 0; left -= 0.25)
        {
            _time.Advance(TimeSpan.FromSeconds(0.25));
            ((TestScheduler)Sys.Scheduler).Advance(TimeSpan.FromSeconds(0.25));
            Sync(_actor);
        }
    }

    private static void Sync(IActorRef actor) => actor.Ask<ActorIdentity>(new Identify(null), Soon, Cancel).GetAwaiter().GetResult();

    /// <summary>A cluster of one, and the actor knows it.</summary>
    private IActorRef StartMember(ClusterOptions? options = null, SeedAnswer answer = SeedAnswer.Refuses)
    {
        _cluster.Join(_cluster.SelfAddress);
        AwaitCondition(
            () =>
            {
                ((TestScheduler)Sys.Scheduler).Advance(TimeSpan.FromSeconds(1));
                return _cluster.SelfMember.Status == Akka.Cluster.MemberStatus.Up;
            },
            Soon,
            cancellationToken: Cancel);
        var actor = Start(options, answer);
        Assert.Contains("answer", Next("missing"), StringComparison.Ordinal);
        actor.Tell(FormationActor.FenceOpened.Instance);
        Next("missing");
        return actor;
    }

    private MeetingAnswer Meet(IActorRef actor, bool serves, int size, string lowest = "akka.tcp://broker@127.0.0.1:1")
    {
        var other = CreateTestProbe();
        actor.Tell(new Meeting(99, serves, size, lowest), other.Ref);
        return other.ExpectMsg<MeetingAnswer>(Soon, cancellationToken: Cancel);
    }

    [Fact]
    public void Node_alone_whose_port_nobody_can_know_joins_itself_at_once()
    {
        Start();
        Advance(0.25);
        Next("join itself");
    }

    [Fact]
    public void Node_alone_at_a_port_of_its_own_waits_to_be_asked_and_joins_the_asker()
    {
        var actor = Start(new ClusterOptions { Port = 4053 });
        Advance(2.5);
        Sync(actor);
        Assert.False(_done.HasMessages);
        Assert.Equal(MeetingVerdict.NoCluster, Meet(actor, serves: true, 2).Verdict);
        Next("join ");
        Advance(2);
        Sync(actor);
        Assert.False(_done.HasMessages);
    }

    [Fact]
    public void Node_that_waits_for_seeds_says_so_and_again_every_ten_seconds()
    {
        var actor = Start(new ClusterOptions { Port = 4055, Seeds = ["127.0.0.1:4053", "127.0.0.1:4054"] });
        Advance(1);
        Assert.Equal("waiting 127.0.0.1:4053, 127.0.0.1:4054, first 127.0.0.1:4053", Next("waiting"));
        Advance(9);
        Sync(actor);
        Assert.False(_done.HasMessages);
        Advance(1);
        Next("waiting");
    }

    [Fact]
    public void Smaller_of_two_clusters_ends_before_it_answers()
    {
        var actor = StartMember();
        Assert.Equal(MeetingVerdict.Stay, Meet(actor, serves: false, 2).Verdict);
        Assert.Contains("of 2 node(s)", Next("end"), StringComparison.Ordinal);

        // Once is enough, and nobody may count on it any more.
        Assert.Equal(MeetingVerdict.NoCluster, Meet(actor, serves: false, 1).Verdict);
        Assert.False(_done.HasMessages);
    }

    [Fact]
    public void Cluster_that_serves_stays_before_a_larger_one_that_does_not()
    {
        _serves = true;
        Assert.Equal(MeetingVerdict.End, Meet(StartMember(), serves: false, 9).Verdict);
        Assert.Equal(MeetingVerdict.Stay, Meet(StartMember(), serves: true, 2).Verdict);
    }

    [Fact]
    public void Member_is_no_other_cluster_and_a_bad_address_no_verdict()
    {
        var actor = StartMember();
        var other = CreateTestProbe();
        actor.Tell(new Meeting(unchecked((uint)_cluster.SelfUniqueAddress.Uid), Serves: true, 9, "akka.tcp://broker@127.0.0.1:1"), other.Ref);
        Assert.Equal(MeetingVerdict.SameCluster, other.ExpectMsg<MeetingAnswer>(Soon, cancellationToken: Cancel).Verdict);
        actor.Tell(new Meeting(99, Serves: true, 9, "no address"), other.Ref);
        Sync(actor);
        Assert.False(other.HasMessages);
        Assert.False(_done.HasMessages);
    }

    [Fact]
    public void Verdict_of_the_node_asked_ends_the_one_that_asked()
    {
        var actor = StartMember();
        actor.Tell(new MeetingAnswer(99, MeetingVerdict.SameCluster));
        actor.Tell(new MeetingAnswer(99, MeetingVerdict.Stay));
        Sync(actor);
        actor.Tell(new MeetingAnswer(99, MeetingVerdict.End));
        Next("end");
    }

    [Fact]
    public void Second_seed_that_refuses_lets_the_first_serve_after_three_seconds()
    {
        var options = new ClusterOptions { Seeds = [$"127.0.0.1:{_cluster.SelfAddress.Port}", "127.0.0.1:1"] };
        StartMember(options);
        Advance(0.25);
        Next("probe 1");
        Advance(4);
        string missing;
        do
        {
            missing = Next("missing: ");
        }
        while (missing != "missing: ");
    }

    [Fact]
    public void Node_told_that_it_is_quarantined_ends()
    {
        Start();
        Advance(0.25);
        Next("join itself");
        Sys.EventStream.Publish(new ThisActorSystemQuarantinedEvent(_cluster.SelfAddress, new Address("akka.tcp", "broker", "127.0.0.1", 7)));
        Assert.Contains("127.0.0.1:7", Next("end"), StringComparison.Ordinal);
    }
}
