namespace Broker.Node.Configuration.Options;

/// <summary><c>broker.auth</c>.</summary>
public sealed record AuthOptions
{
    /// <summary>Whether connections without a token are admitted.</summary>
    public bool Anonymous { get; init; }

    public RightsOptions AnonymousRights { get; init; } = new();

    /// <summary>Rights of a token without a rights claim, and of the application's users; <c>{user}</c> stands for the subject.</summary>
    public RightsOptions DefaultRights { get; init; } = new();

    public ApplicationAuthOptions Application { get; init; } = new();

    /// <summary>Accepts <c>?token=</c> in the request target.</summary>
    public bool QueryToken { get; init; }

    /// <summary>How long a connection may take to authenticate.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    public IReadOnlyList<AuthKeyOptions> Keys { get; init; } = [];

    /// <summary>Required <c>iss</c>; empty: not checked.</summary>
    public string Issuer { get; init; } = "";

    /// <summary>Required member of <c>aud</c>; empty: not checked.</summary>
    public string Audience { get; init; } = "";

    /// <summary>Longest accepted <c>exp - iat</c> (<c>exp - now</c> without <c>iat</c>).</summary>
    public TimeSpan MaxLife { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Clock skew accepted on <c>exp</c>, <c>nbf</c> and <c>iat</c>; at most 30 s.</summary>
    public TimeSpan Skew { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Claim that holds the rights object (and its member <c>info</c>).</summary>
    public string RightsClaim { get; init; } = "broker";
}

/// <summary><c>broker.auth.application</c>: users that the application around the node has signed in.</summary>
public sealed record ApplicationAuthOptions
{
    public bool Enabled { get; init; }

    /// <summary>Name of an authentication scheme; empty: the application's default one.</summary>
    public string Scheme { get; init; } = "";
}

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
