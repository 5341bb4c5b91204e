namespace Broker.Node.Auth;

/// <summary>What the keys say about a token's signature.</summary>
internal enum SignatureCheck
{
    Refused,
    Good,

    /// <summary>The keys that would decide have not been loaded yet.</summary>
    KeysMissing,
}
