namespace Broker.Node.Configuration.Options;

/// <summary><c>broker.origins</c>: which browser origins may connect.</summary>
public sealed record OriginOptions
{
    /// <summary>Beside the own host: exact origins, <c>https://*.example.com</c>, <c>http://localhost:*</c>, or <c>null</c>.</summary>
    public IReadOnlyList<string> Allow { get; init; } = [];

    public OriginRefusal Refuse { get; init; } = OriginRefusal.Status;
}
