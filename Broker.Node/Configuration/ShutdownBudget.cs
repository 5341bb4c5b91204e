using Broker.Node.Configuration.Options;

namespace Broker.Node.Configuration;

/// <summary>
/// How long each phase of the coordinated shutdown may take. In <see cref="Unready"/> readiness fails and load balancers look away
/// (<c>drain.delay</c>), in <see cref="Unbind"/> accepting ends, in <see cref="Drain"/> connections are closed
/// (<c>drain.time</c> and what close handshakes need), in <see cref="HandingOver"/> others take over what the node owns;
/// then the node leaves the cluster.
/// </summary>
internal static class ShutdownBudget
{
    public const string Unready = "before-service-unbind";
    public const string Unbind = "service-unbind";
    public const string Drain = "service-requests-done";
    public const string HandingOver = "service-stop";

    /// <summary>For others to hold the copies that the node holds, and for the lanes to hand over what they keep and say goodbye.</summary>
    public static readonly TimeSpan Goodbye = TimeSpan.FromSeconds(3);

    /// <summary>For a shard region to hand over what this node owns; longer than <c>akka.cluster.sharding.handoff-timeout</c>.</summary>
    public static readonly TimeSpan HandOver = TimeSpan.FromSeconds(24);

    /// <summary>All phases of Akka 1.5 with what this broker gives them.</summary>
    public static IReadOnlyList<(string Phase, TimeSpan Time)> Phases(DrainOptions drain) =>
    [
        (Unready, drain.Delay + TimeSpan.FromSeconds(1)),
        (Unbind, TimeSpan.FromSeconds(2)),
        (Drain, drain.Time + TimeSpan.FromSeconds(3)),
        (HandingOver, HandOver + TimeSpan.FromSeconds(1)),
        ("before-cluster-shutdown", Goodbye + TimeSpan.FromSeconds(1)),
        ("cluster-sharding-shutdown-region", TimeSpan.FromSeconds(1)),
        ("cluster-leave", TimeSpan.FromSeconds(4)),
        ("cluster-exiting", TimeSpan.FromSeconds(3)),
        ("cluster-exiting-done", TimeSpan.FromSeconds(1)),
        ("cluster-shutdown", TimeSpan.FromSeconds(1)),
        ("before-actor-system-terminate", TimeSpan.FromSeconds(1)),
        ("actor-system-terminate", TimeSpan.FromSeconds(3)),
    ];
}
