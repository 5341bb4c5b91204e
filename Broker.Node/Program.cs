using Broker.Node;
using Broker.Node.Configuration;
using Broker.Node.Connections;

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
try
{
    builder.AddBroker(command.Run);
}
catch (ConfigurationException e)
{
    await Console.Error.WriteLineAsync(e.Message);
    return CommandLine.UsageError;
}

var app = builder.Build();
app.UseDefaultFiles();
app.UseStaticFiles();
await app.RunAsync();
return Environment.ExitCode;
