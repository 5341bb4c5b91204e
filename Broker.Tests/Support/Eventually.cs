namespace Broker.Tests.Support;

internal static class Eventually
{
    /// <summary>For state that signals nobody: looks every few milliseconds until it is so, for 10 s at most or what is asked for.</summary>
    public static Task IsTrueAsync(Func<bool> condition, string what) => IsTrueAsync(condition, () => what, TimeSpan.FromSeconds(10));

    /// <param name="condition">Looked at.</param>
    /// <param name="what">What is there instead, when it is too late.</param>
    /// <param name="within">The time it has.</param>
    public static async Task IsTrueAsync(Func<bool> condition, Func<string> what, TimeSpan within)
    {
        var began = TimeProvider.System.GetTimestamp();
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(2));
        while (!condition())
        {
            if (TimeProvider.System.GetElapsedTime(began) > within)
            {
                Assert.Fail($"not within {within}: {what()}");
            }

            await tick.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }
    }
}
