using Broker.Node;

var builder = WebApplication.CreateBuilder(args);
builder.AddBroker();

var app = builder.Build();
app.MapGet("/", () => "my own page");
app.MapPost("/announce", async (string text, IBroker broker) =>
    await broker.PublishAsync("news", new { text }) is PublishResult.Published ? Results.Accepted() : Results.StatusCode(503));
await app.RunAsync();
