namespace Broker.Node.Transport;

/// <summary>Why <see cref="Admission"/> does not let a connection in.</summary>
internal enum AdmissionRefusal
{
    None,

    /// <summary><c>broker.limits.connections</c> are open.</summary>
    Full,

    /// <summary><c>broker.limits.connections-per-address</c> are open from this address.</summary>
    Address,

    /// <summary>More than <c>broker.limits.accepts-per-second</c>.</summary>
    Rate,
}
