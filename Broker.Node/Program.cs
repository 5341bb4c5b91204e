using System.Runtime.InteropServices;
using Broker.Node;
using Broker.Node.Auth;
using Broker.Node.Configuration;
using Broker.Node.Configuration.Options;
using Broker.Node.Diagnostics;
using Broker.Node.Hosting;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Logging.Console;

var command = CommandLine.Parse(args);
if (command.Token is { } token)
{
    command = TokenCommand.Run(token, ProcessEnvironment.Variables(), TokenMinter.Mint, DateTimeOffset.UtcNow);
}

if (command.Run is null)
{
    await (command.ExitCode == 0 ? Console.Out : Console.Error).WriteLineAsync(command.Text);
    return command.ExitCode;
}

var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
Console.SetOut(new PrintableWriter(Console.Out));
builder.Logging.ClearProviders().AddSimpleConsole(static console =>
{
    (console.SingleLine, console.ColorBehavior) = (true, LoggerColorBehavior.Disabled);
    (console.TimestampFormat, console.UseUtcTimestamp) = ("yyyy-MM-dd'T'HH:mm:ss.fff'Z' ", true);
});

// The node says itself where it listens, and below why it does not.
builder.Logging.AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Warning).AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);
builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);

// The host's own handlers stop it in order; these only know who asked, and that a terminal which is gone means the same.
var interrupted = 0;
WebApplication? app = null;
using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, _ => interrupted = 143);
using var typed = PosixSignalRegistration.Create(PosixSignal.SIGINT, _ => interrupted = 130);
using var hungUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
{
    interrupted = 129;
    if (app is not null)
    {
        signal.Cancel = true;
        app.Lifetime.StopApplication();
    }
});
try
{
    builder.AddBroker(command.Run);
    app = builder.Build();
    if (app.Services.GetRequiredService<BrokerOptions>().Page)
    {
        app.Use(static (context, next) =>
        {
            if (context.Request.Path == "/demo/tictactoe")
            {
                context.Request.Path = "/tictactoe.html";
            }

            return next(context);
        });
        app.UseFileServer(new FileServerOptions { FileProvider = new EmbeddedFileProvider(typeof(BrokerNode).Assembly, "Broker.Node.wwwroot") });
    }

    await app.RunAsync();
    return Environment.ExitCode;
}
catch (OperationCanceledException) when (interrupted != 0)
{
    await Console.Error.WriteLineAsync("interrupted while starting");
    return interrupted;
}
catch (ConfigurationException e)
{
    await Console.Error.WriteLineAsync(e.Message);
    return CommandLine.UsageError;
}
catch (Exception e)
{
    await Console.Error.WriteLineAsync(e is IOException ? e.Message : $"cannot start: {e.GetBaseException().GetType().Name}: {e.GetBaseException().Message}");
    return 1;
}
