using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Dispatch;
using Akka.Event;
using LogLevel = Microsoft.Extensions.Logging.LogLevel;

namespace Broker.Node.Hosting;

/// <summary>
/// What Akka logs, as everything else is logged: Akka.Hosting's logger of this kind prints Akka's own line, with a time and a level of
/// its own, inside the line, wherever the actor system has a filter.
/// </summary>
internal sealed class ActorLog : UntypedActor, IRequiresMessageQueue<ILoggerMessageQueueSemantics>
{
    private static readonly Action<ILogger, string, object, Exception?>[] Write =
        [Level(LogLevel.Debug), Level(LogLevel.Information), Level(LogLevel.Warning), Level(LogLevel.Error)];

    private readonly ILogger _log = Context.System.Settings.Setup.Get<ActorLogSetup>().Value.Loggers.CreateLogger("Akka");

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case InitializeLogger: Sender.Tell(new LoggerInitialized()); break;
            case LogEvent entry: OnLog(entry); break;
            default: Unhandled(message); break;
        }
    }

    private void OnLog(LogEvent entry)
    {
        if (Context.System.Settings.LogFilter.ShouldTryKeepMessage(entry, out _))
        {
            Write[(int)entry.LogLevel()](_log, entry.LogSource, entry.Message, entry.Cause);
        }
    }

    private static Action<ILogger, string, object, Exception?> Level(LogLevel level) =>
        LoggerMessage.Define<string, object>(level, default, "{Source}: {Message}");
}

/// <summary>Where <see cref="ActorLog"/> writes.</summary>
internal sealed class ActorLogSetup(ILoggerFactory loggers) : Setup
{
    public ILoggerFactory Loggers { get; } = loggers;
}

/// <summary>What Akka logs before its loggers have started and after they have stopped, in the form of the program's other lines.</summary>
internal sealed class ActorLogAtEnds : MinimalLogger
{
    private static readonly string[] Names = ["dbug", "info", "warn", "fail"];

    protected override void Log(object message)
    {
        if (message is LogEvent entry)
        {
            Console.WriteLine(FormattableString.Invariant($"{entry.Timestamp.ToUniversalTime():yyyy-MM-dd'T'HH:mm:ss.fff}Z {Names[(int)entry.LogLevel()]}: Akka[0] {entry.LogSource}: {entry.Message} {entry.Cause}").ReplaceLineEndings(" "));
        }
    }
}
