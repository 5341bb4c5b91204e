namespace Broker.Tests.Conformance;

/// <param name="Id">The number by which public suites know it.</param>
/// <param name="Title">What is sent.</param>
/// <param name="Script">Made anew for each run, for it may hold megabytes.</param>
internal sealed record ConformanceCase(string Id, string Title, Func<Script> Script)
{
    /// <summary>Value of <c>Sec-WebSocket-Extensions</c> in the request; null: none.</summary>
    public string? Offer { get; init; }

    /// <summary>The first part of the number.</summary>
    public int Category => int.Parse(Id.AsSpan(0, Id.IndexOf('.', StringComparison.Ordinal)), System.Globalization.CultureInfo.InvariantCulture);

    public override string ToString() => $"{Id} {Title}";
}
