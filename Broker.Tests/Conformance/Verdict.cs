namespace Broker.Tests.Conformance;

/// <summary>What a case says of a peer, in the words of <c>expected-results.json</c>.</summary>
internal enum Verdict
{
    Ok,

    /// <summary>What RFC 6455 leaves open, but not what this server promises.</summary>
    NonStrict,

    /// <summary>The peer declined the extension the case is about.</summary>
    Unimplemented,

    Failed,
}
