namespace Broker.Node.Links;

/// <summary>An envelope's number and content, kept until acknowledged.</summary>
internal sealed record Parcel(long Number, ReadOnlyMemory<byte>[] Body, int Weight, int Messages);
