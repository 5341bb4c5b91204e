namespace Broker.Node.Configuration.Options;

/// <summary>One entry of <c>broker.auth.keys</c>: a key pinned to one algorithm.</summary>
public sealed record AuthKeyOptions
{
    /// <summary>Key id (<c>kid</c>); empty matches tokens without one and with any.</summary>
    public string Id { get; init; } = "";

    /// <summary>HS256-512, RS256-512 or ES256-512.</summary>
    public string Algorithm { get; init; } = "";

    /// <summary>Shared secret of an HS key, as text; at least 32 bytes.</summary>
    public string Secret { get; init; } = "";

    /// <summary>PEM public key (or certificate) of an RS or ES key, inline.</summary>
    public string PublicKey { get; init; } = "";

    /// <summary>File path or https URL of a JWKS; then Id, Secret and PublicKey are empty and Algorithm pins what is taken from it.</summary>
    public string Jwks { get; init; } = "";
}
