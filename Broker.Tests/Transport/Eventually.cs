namespace Broker.Tests.Transport;

internal static class Eventually
{
    /// <summary>For state that signals nobody: looks every few milliseconds until it is so, for 10 s at most.</summary>
    public static async Task IsTrueAsync(Func<bool> condition, string what)
    {
        var began = TimeProvider.System.GetTimestamp();
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(2));
        while (!condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(10), $"not within 10 s: {what}");
            await tick.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }
    }
}
