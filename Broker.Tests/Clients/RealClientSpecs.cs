namespace Broker.Tests.Clients;

/// <summary>Bounds every spec with real clients: an answer that never comes fails the spec and does not hold up the run.</summary>
public abstract class RealClientSpecs : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly CancellationTokenSource _limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);

    protected RealClientSpecs() => _limit.CancelAfter(Limit);

    protected CancellationToken Cancellation => _limit.Token;

    public void Dispose()
    {
        _limit.Dispose();
        GC.SuppressFinalize(this);
    }
}
