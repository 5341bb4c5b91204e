using Akka.Actor;
using Akka.Actor.Setup;

namespace Broker.Node.Configuration;

/// <summary>What <see cref="ActorSystem.Create(string, ActorSystemSetup)"/> takes to start a configured node.</summary>
internal static class NodeSystemSetup
{
    /// <summary>The setup; null and one line when the certificates of the cluster cannot be used.</summary>
    public static ActorSystemSetup? TryCreate(ConfigurationResult configuration, TimeProvider time, out string? error)
    {
        error = null;
        var bootstrap = BootstrapSetup.Create().WithConfig(AkkaConfig.ToConfig(configuration.Akka!));
        if (!configuration.Options!.Cluster.Tls.Enabled)
        {
            return ActorSystemSetup.Create(bootstrap);
        }

        return ClusterTls.TryLoad(configuration.Options.Cluster.Tls, time, out error) is { } tls ? bootstrap.And(tls) : null;
    }
}
