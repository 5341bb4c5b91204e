using Microsoft.AspNetCore.Http.Features;

namespace Broker.Node.Http;

/// <summary>An upgrade after which <paramref name="guard"/> lets everything through: what follows are no requests.</summary>
internal sealed class GuardedUpgrade(IHttpUpgradeFeature inner, RequestGuard guard) : IHttpUpgradeFeature
{
    public bool IsUpgradableRequest => inner.IsUpgradableRequest;

    public async Task<Stream> UpgradeAsync()
    {
        var stream = await inner.UpgradeAsync();
        guard.Open();
        return stream;
    }
}
