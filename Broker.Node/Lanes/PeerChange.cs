namespace Broker.Node.Lanes;

/// <summary>What happened to another member of the cluster.</summary>
internal enum PeerChange
{
    /// <summary>It became a member (Joining or later).</summary>
    Seen,

    /// <summary>It may answer now: it became Up, or reachable again.</summary>
    Reachable,

    Unreachable,

    /// <summary>Leaving, Exiting or Down: mediators do not route to it any more.</summary>
    Leaving,

    Removed,
}
