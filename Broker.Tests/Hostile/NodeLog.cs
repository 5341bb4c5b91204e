using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Event;
using Microsoft.Extensions.Logging;
using LogLevel = Microsoft.Extensions.Logging.LogLevel;

namespace Broker.Tests.Hostile;

/// <summary>What a node logs, by either of its loggers: errors, which a client must not be able to cause, and lines at all.</summary>
internal sealed class NodeLog : ILoggerProvider, ILogger
{
    /// <summary>Of the actor that listens to the node's.</summary>
    public const string ListenerName = "log";

    private readonly ConcurrentQueue<string> _errors = new();
    private readonly ConcurrentQueue<string> _lines = new();

    public IReadOnlyCollection<string> Errors => _errors;

    /// <summary>The broker's own lines since the last call, information and worse.</summary>
    public IReadOnlyList<string> TakeLines()
    {
        List<string> lines = [];
        while (_lines.TryDequeue(out var line))
        {
            lines.Add(line);
        }

        return lines;
    }

    /// <summary>Listens to an actor system, with an actor of its own.</summary>
    public void Watch(ActorSystem system)
    {
        var listener = system.ActorOf(Props.Create(() => new Listener(this)), ListenerName);
        system.EventStream.Subscribe(listener, typeof(Error));
        system.EventStream.Subscribe(listener, typeof(Warning));
    }

    public ILogger CreateLogger(string categoryName) => categoryName.StartsWith("Broker.", StringComparison.Ordinal) ? this : new Foreign(this);

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel))
        {
            return;
        }

        var line = $"{formatter(state, exception)} {exception}";
        _lines.Enqueue(line);
        if (logLevel >= LogLevel.Error)
        {
            _errors.Enqueue(line);
        }
    }

    public void Dispose()
    {
    }

    /// <summary>Of the parts the node is made of only errors are of interest.</summary>
    private sealed class Foreign(NodeLog log) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                log.Log(logLevel, eventId, state, exception, formatter);
            }
        }
    }

    private sealed class Listener : ReceiveActor
    {
        public Listener(NodeLog log)
        {
            Receive<Error>(error => log._errors.Enqueue(error.ToString()));

            // The cluster's own warnings tell of the machine, not of clients.
            Receive<Warning>(
                static warning => warning.LogClass.FullName?.StartsWith("Broker.", StringComparison.Ordinal) == true,
                warning => log._lines.Enqueue(warning.ToString()));
        }
    }
}
