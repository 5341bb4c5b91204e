// Publish/subscribe over SignalR: topics are its groups. With the address of a Redis server several processes act as one.
using System.Globalization;
using SignalR;

var builder = WebApplication.CreateBuilder();
builder.Logging.SetMinimumLevel(LogLevel.Warning);
var port = int.Parse(args[0], CultureInfo.InvariantCulture);
builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenLocalhost(port));
var signalR = builder.Services.AddSignalR();
if (args.Length > 1)
{
    signalR.AddStackExchangeRedis($"127.0.0.1:{args[1]}");
}

var app = builder.Build();
app.MapHub<TopicHub>("/hub");
app.Lifetime.ApplicationStarted.Register(static () => Console.WriteLine("ready"));
await app.RunAsync();
