using Broker.Node;

namespace Broker.Tests.Hosting.Application;

/// <summary>One application with a broker that has topics of each kind, shared by the specs that do not stop it.</summary>
public sealed class TopicsHost : IAsyncLifetime
{
    private static readonly Dictionary<string, string> Topics = new()
    {
        ["0:Match"] = "log.>",
        ["0:Delivery"] = "sequenced",
        ["0:Presence"] = "on",
        ["0:Sender"] = "on",
        ["0:Time"] = "on",
        ["0:History:Size"] = "100",
        ["1:Match"] = "doc.>",
        ["1:Delivery"] = "sequenced",
        ["1:Keep"] = "latest",
        ["1:History:Size"] = "100",
        ["2:Match"] = "plain.>",
        ["2:Delivery"] = "sequenced",
        ["3:Match"] = "skip.>",
        ["3:Slow"] = "skip",
        ["4:Match"] = "one.>",
        ["4:MaxSubscribers"] = "1",
    };

    internal InProcessHost Host { get; private set; } = null!;

    internal IBroker Broker => Host.Broker;

    public async ValueTask InitializeAsync() => Host = await InProcessHost.StartAsync(TestContext.Current.CancellationToken, static builder =>
    {
        foreach (var (key, value) in Topics)
        {
            builder.Configuration[$"Broker:Topics:{key}"] = value;
        }
    });

    public ValueTask DisposeAsync() => Host?.DisposeAsync() ?? ValueTask.CompletedTask;
}
