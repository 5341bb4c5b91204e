using System.Text;
using System.Text.RegularExpressions;
using Broker.Node;
using Broker.Node.Configuration;
using Broker.Node.Hosting;
using Broker.Node.Lanes;
using Broker.Node.Topics;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Broker.Tests.Cluster;

/// <summary>A whole node in the process of the tests, for faults that no client can cause.</summary>
internal sealed partial class InProcessNode : IAsyncDisposable, ILoggerProvider, ILogger
{
    private readonly TaskCompletionSource<Uri> _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly WebApplication _app;

    private InProcessNode(string[] seeds, string? config)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().AddProvider(this);
        var options = new CommandLineOptions { Port = 0, OpsPort = 0, ClusterPort = 0, Seeds = seeds, Config = config is null ? null : "node.conf" };
        if (config is null)
        {
            builder.AddBroker(options);
        }
        else
        {
            var configuration = BrokerConfiguration.Load(options, new Dictionary<string, string>(), BrokerBuilderExtensions.Rules, _ => config);
            Assert.Empty(configuration.Errors);
            builder.AddBroker(configuration);
        }

        builder.Services.AddBrokerRooms(static rooms => rooms
            .Add<MyGame.RaceRoom>("race", MyGame.RaceRoom.Configure)
            .Add<TickingRoom>("ticking", TickingRoom.Configure)
            .Add("faulty", static _ => new FaultyRoom())
            .Add("four", static _ => new FaultyRoom(), static options => options.MaxPlayers = 4));
        _app = builder.Build();
        Node = _app.Services.GetRequiredService<BrokerNode>();
    }

    public BrokerNode Node { get; }

    public LanesModule Lanes => _app.Services.GetRequiredService<LanesModule>();

    public IBroker Api => _app.Services.GetRequiredService<IBroker>();

    public Uri WebSocket { get; private set; } = null!;

    /// <summary>Where other nodes find this one as their seed.</summary>
    public string Seed
    {
        get
        {
            var address = Akka.Cluster.Cluster.Get(Node.System).SelfAddress;
            return $"{address.Host}:{address.Port}";
        }
    }

    public static Task<InProcessNode> StartAsync(CancellationToken cancellation, params string[] seeds) => StartAsync(null, cancellation, seeds);

    /// <param name="config">HOCON over what comes with the program; null: none.</param>
    /// <param name="cancellation">Ends the start.</param>
    /// <param name="seeds">Of the cluster; none: the node founds one.</param>
    public static async Task<InProcessNode> StartAsync(string? config, CancellationToken cancellation, params string[] seeds)
    {
        var node = new InProcessNode(seeds, config);
        await node._app.StartAsync(cancellation);
        node.WebSocket = new UriBuilder(await node._listening.Task.WaitAsync(cancellation)) { Scheme = "ws", Path = "/ws" }.Uri;
        await node.Node.ReadyForClients.WaitAsync(cancellation);
        return node;
    }

    /// <summary>The lane of a topic stands still, inside the completion of a command, until the result is set.</summary>
    public TaskCompletionSource HoldLane(string topic, CancellationToken cancellation)
    {
        var release = new TaskCompletionSource();
        var held = new TaskCompletionSource();
        var taken = new PublishTaken
        {
            Released = () =>
            {
                held.SetResult();
                release.Task.Wait();
            },
        };
        var name = Encoding.UTF8.GetBytes(topic);
        Assert.True(Lanes.TryPost(new PublishCommand(TopicName.Hash(name), name, "0"u8.ToArray()) { Taken = taken }));
        held.Task.Wait(cancellation);
        return release;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
    }

    public void Dispose()
    {
        // The application ends in DisposeAsync; as a provider of loggers this holds nothing.
    }

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (ListeningLine().Match(formatter(state, exception)) is { Success: true } line)
        {
            _listening.TrySetResult(new Uri(line.Groups[1].Value));
        }
    }

    [GeneratedRegex(@"^listening on (http://\S+)$")]
    private static partial Regex ListeningLine();
}
