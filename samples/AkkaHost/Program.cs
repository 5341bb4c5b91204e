using Akka.Actor;
using Akka.Hosting;
using AkkaHost;
using Broker.Node;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddAkka("my-app", akka => akka.WithActors((system, registry, resolver) =>
    registry.Register<Announcer>(system.ActorOf(resolver.Props<Announcer>(), "announcer"))));
builder.AddBroker();

var app = builder.Build();
app.MapGet("/", () => "my own page");
app.MapPost("/announce", async (string text, IRequiredActor<Announcer> announcer) =>
    await announcer.ActorRef.Ask<PublishResult>(text, TimeSpan.FromSeconds(5)) is PublishResult.Published ? Results.Accepted() : Results.StatusCode(503));
await app.RunAsync();
