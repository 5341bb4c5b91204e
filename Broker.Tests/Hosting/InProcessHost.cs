using System.Text.RegularExpressions;
using Broker.Node;
using Broker.Node.Configuration;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Broker.Tests.Hosting;

/// <summary>An application with a broker in the process of the tests, on ports the system chose.</summary>
internal sealed partial class InProcessHost : IAsyncDisposable, ILoggerProvider, ILogger
{
    private readonly TaskCompletionSource<Uri> _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly WebApplication _app;

    private InProcessHost(Action<WebApplicationBuilder>? configure)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().AddProvider(this);
        configure?.Invoke(builder);
        builder.AddBroker(new CommandLineOptions { Port = 0, OpsPort = 0, ClusterPort = 0 }, builder.Configuration);
        _app = builder.Build();
        Broker = _app.Services.GetRequiredService<IBroker>();
    }

    public IBroker Broker { get; }

    public IServiceProvider Services => _app.Services;

    public Uri WebSocket { get; private set; } = null!;

    /// <summary>Not started.</summary>
    public static InProcessHost Create() => new(configure: null);

    /// <summary>Started and ready.</summary>
    /// <param name="cancellation">Of the start.</param>
    /// <param name="configure">What the application does before it adds the broker.</param>
    public static async Task<InProcessHost> StartAsync(CancellationToken cancellation, Action<WebApplicationBuilder>? configure = null)
    {
        var host = new InProcessHost(configure);
        try
        {
            await host._app.StartAsync(cancellation);
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }

        host.WebSocket = new UriBuilder(await host._listening.Task.WaitAsync(cancellation)) { Scheme = "ws", Path = "/ws" }.Uri;
        await host.Broker.Ready.WaitAsync(cancellation);
        return host;
    }

    public Task StopAsync(CancellationToken cancellation) => _app.StopAsync(cancellation);

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
    }

    public void Dispose()
    {
        // The provider has nothing of its own: the application ends in DisposeAsync.
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
