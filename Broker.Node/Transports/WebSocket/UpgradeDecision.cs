using Broker.Node.Delivery;
using Broker.Protocol.Http;

namespace Broker.Node.Transports.WebSocket;

/// <summary>
/// The response to a request for a WebSocket: 101, or 200 in HTTP/2, with <see cref="Request"/> set; or a refusal with a plain text body,
/// whose own headers the writer adds.
/// </summary>
internal sealed record UpgradeDecision(int Status, IReadOnlyList<HttpHeader> Headers, string Body, UpgradedRequest? Request)
{
    /// <summary>The connection's place among those of its client's address, which now owns it; null: it has one already.</summary>
    public IDisposable? Place { get; init; }

    /// <summary>
    /// The application is to be asked who its user is: then this takes the place of the decision, but for <see cref="Place"/>. Is told when the
    /// client has gone; does not fail.
    /// </summary>
    public Func<CancellationToken, Task<UpgradeDecision>>? Later { get; init; }

    /// <summary>The decision once the application has been asked, where it is to be.</summary>
    /// <param name="gone">The client has gone.</param>
    public async ValueTask<UpgradeDecision> SettleAsync(CancellationToken gone) => Later is null ? this : await Later(gone) with { Place = Place };
}
