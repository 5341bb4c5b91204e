using Broker.Node;
using Broker.Node.Configuration;
using Broker.Node.Connections;
using Microsoft.Extensions.FileProviders;

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
builder.Logging.ClearProviders().AddSimpleConsole(static console => console.SingleLine = true);

// The node says itself where it listens, and below why it does not.
builder.Logging.AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Warning).AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);
builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
try
{
    builder.AddBroker(command.Run);
    var app = builder.Build();
    app.UseFileServer(new FileServerOptions { FileProvider = new EmbeddedFileProvider(typeof(BrokerNode).Assembly, "Broker.Node.wwwroot") });
    await app.RunAsync();
    return Environment.ExitCode;
}
catch (Exception e) when (e is ConfigurationException or IOException)
{
    await Console.Error.WriteLineAsync(e.Message);
    return e is ConfigurationException ? CommandLine.UsageError : 1;
}
