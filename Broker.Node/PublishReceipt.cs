namespace Broker.Node;

/// <summary>What became of a <see cref="Publication"/>.</summary>
/// <param name="Result">The outcome.</param>
/// <param name="Position">
/// Of a sequenced topic: where what was published is; of <see cref="PublishResult.Conflict"/> where that is which stands in its way, with
/// offset 0 where there is none. Else null.
/// </param>
public sealed record PublishReceipt(PublishResult Result, Position? Position = null);
