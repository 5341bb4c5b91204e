using System.Text.RegularExpressions;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Event;
using Broker.Node.Configuration;

namespace Broker.Node.Hosting;

/// <summary>What <see cref="ActorSystem.Create(string, ActorSystemSetup)"/> takes to start a configured node.</summary>
internal static partial class NodeSystemSetup
{
    /// <summary>
    /// Drops the pages Akka logs, with the bytes received, for every stranger on the remoting port.
    /// A port that is in use is told by the node itself. With TLS a line each stays: "Rejected incoming connection", and before it why, where a certificate was refused.
    /// Of a broken association the stack goes that the writer's supervisor logs behind its own warning, which names the peer and the reason.
    /// While nobody says who owns a partition, its region says so twice a second, with all their numbers: that a cluster lacks a member is said elsewhere.
    /// That a seed or a member does not run is told by the node and by the cluster: the line at every attempt to reach it goes.
    /// </summary>
    public static LogFilterSetup Noise() => new LogFilterBuilder()
        .ExcludeMessageRegex(StrangerPage()).ExcludeMessageRegex(BrokenAssociation()).ExcludeMessageRegex(NobodyThere()).ExcludeMessageRegex(NoCoordinator()).Build();

    /// <summary>The setup; null and one line when the certificates of the cluster cannot be used.</summary>
    public static ActorSystemSetup? TryCreate(ConfigurationResult configuration, TimeProvider time, out string? error)
    {
        error = null;
        var setup = BootstrapSetup.Create().WithConfig(AkkaConfig.ToConfig(configuration.Akka!)).And(Noise());
        if (!configuration.Options!.Cluster.Tls.Enabled)
        {
            return setup;
        }

        return ClusterTls.TryLoad(configuration.Options.Cluster.Tls, time, out error) is { } tls ? setup.And(tls) : null;
    }

    // What is matched is the line as it is printed: [level][time][thread][source] message.
    [GeneratedRegex(@"^\[ERROR\][^\r\n]*\(akka://[^)]*\)\] (TLS handshake failed on channel \[|Error caught channel \[|Failed to bind to )", RegexOptions.CultureInvariant)]
    private static partial Regex StrangerPage();

    [GeneratedRegex(@"^\[ERROR\][^\r\n]*/reliableEndpointWriter-[^\r\n]*/endpointWriter\] [^\r\n]*\r?\nCause: (?:\[[^\r\n]*\])?Akka\.Remote\.Endpoint(Disassociated|Association)?Exception", RegexOptions.CultureInvariant)]
    private static partial Regex BrokenAssociation();

    [GeneratedRegex(@"^\[WARNING\][^\r\n]*\] (Tried to associate with unreachable remote address \[[^\r\n]*Reason: \[Connection refused|Couldn't join seed nodes after \[)", RegexOptions.CultureInvariant)]
    private static partial Regex NobodyThere();

    [GeneratedRegex(@"^\[WARNING\][^\r\n]*/system/sharding/[^\r\n]*\] [^\r\n: ]+: (Trying to register to coordinator at|Requested shard homes|No coordinator found to register)", RegexOptions.CultureInvariant)]
    private static partial Regex NoCoordinator();
}
