namespace Broker.Node.Configuration.Options;

/// <summary><c>broker.origins</c>: which browser origins may connect.</summary>
public sealed record OriginOptions
{
    /// <summary>Beside the own host: exact origins, <c>https://*.example.com</c>, <c>http://localhost:*</c>, or <c>null</c>.</summary>
    public IReadOnlyList<string> Allow { get; init; } = [];

    public OriginRefusal Refuse { get; init; } = OriginRefusal.Status;
}

/// <summary><c>broker.origins.refuse</c>: what a refused origin gets.</summary>
public enum OriginRefusal
{
    /// <summary>HTTP 403.</summary>
    Status,

    /// <summary>101, then close 1008 <c>Origin not allowed</c>, which a browser can read.</summary>
    Close,
}
