using Broker.Node;

namespace Broker.Tests.Hosting.Application;

/// <summary>Reads a subscription of the application a message at a time.</summary>
internal static class Reading
{
    /// <summary>Subscribed: the first message is taken.</summary>
    public static async Task<(IAsyncEnumerator<BrokerMessage> Reader, BrokerMessage Subscribed)> OpenAsync(this IBroker broker, string topic, CancellationToken cancellation, SubscribeOptions? options = null)
    {
        var reader = broker.SubscribeAsync(topic, options, cancellation).GetAsyncEnumerator(cancellation);
        var subscribed = await reader.NextAsync();
        Assert.Equal(BrokerMessageKind.Subscribed, subscribed.Kind);
        return (reader, subscribed);
    }

    public static async Task<BrokerMessage> NextAsync(this IAsyncEnumerator<BrokerMessage> reader)
    {
        Assert.True(await reader.MoveNextAsync());
        return reader.Current;
    }

    /// <summary>The code with which a subscription is refused.</summary>
    public static async Task<string?> RefusalAsync(this IBroker broker, string topic, SubscribeOptions? options = null)
    {
        var refusal = await Assert.ThrowsAsync<BrokerSubscriptionException>(() => broker.OpenAsync(topic, TestContext.Current.CancellationToken, options));
        Assert.Equal(SubscriptionEnd.Refused, refusal.Reason);
        return refusal.Code;
    }

    /// <summary>Why a subscription has ended, whatever came before.</summary>
    public static async Task<SubscriptionEnd> EndAsync(this IAsyncEnumerator<BrokerMessage> reader)
    {
        var end = await Assert.ThrowsAsync<BrokerSubscriptionException>(async () =>
        {
            while (await reader.MoveNextAsync())
            {
            }
        });
        return end.Reason;
    }
}
