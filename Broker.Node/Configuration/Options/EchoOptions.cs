namespace Broker.Node.Configuration.Options;

/// <summary><c>broker.echo</c>: an endpoint for conformance suites.</summary>
public sealed record EchoOptions
{
    public const string Path = "/echo";

    public bool Enabled { get; init; }
}
