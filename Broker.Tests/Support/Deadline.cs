using System.Runtime.CompilerServices;

namespace Broker.Tests.Support;

/// <summary>No test of a client may hang: each has half a minute for all it waits for.</summary>
internal static class Deadline
{
    private static readonly TimeSpan Time = TimeSpan.FromSeconds(30);
    private static readonly ConditionalWeakTable<object, CancellationTokenSource> Tests = [];

    public static CancellationToken Cancel =>
        TestContext.Current.Test is { } test ? Tests.GetValue(test, static _ => Start()).Token : TestContext.Current.CancellationToken;

    private static CancellationTokenSource Start()
    {
        var source = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        source.CancelAfter(Time);
        return source;
    }
}
