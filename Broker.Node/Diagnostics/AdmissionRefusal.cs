namespace Broker.Node.Diagnostics;

/// <summary>Why a connection is not let in, or is dropped before its request has been answered.</summary>
internal enum AdmissionRefusal
{
    None,

    /// <summary><c>broker.limits.connections</c> are open.</summary>
    Total,

    /// <summary><c>broker.limits.connections-per-address</c> are open from this address, or from this client of a trusted proxy.</summary>
    Address,

    /// <summary>More than <c>broker.limits.accepts-per-second</c>.</summary>
    Rate,

    /// <summary>It was the oldest of more than <c>broker.limits.handshakes</c>.</summary>
    Handshakes,

    /// <summary>Live memory is over <c>broker.memory.shed</c> percent of its limit.</summary>
    Memory,

    /// <summary>The process has nearly no file descriptors left.</summary>
    Descriptors,

    /// <summary>It is for ASP.NET Core, which does not take connections (now).</summary>
    Unavailable,
}
