namespace Broker.Node.Configuration.Options;

/// <summary><c>broker.origins.refuse</c>: what a refused origin gets.</summary>
public enum OriginRefusal
{
    /// <summary>HTTP 403.</summary>
    Status,

    /// <summary>101, then close 1008 <c>Origin not allowed</c>, which a browser can read.</summary>
    Close,
}
