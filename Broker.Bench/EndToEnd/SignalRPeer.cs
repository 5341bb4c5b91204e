namespace Broker.Bench.EndToEnd;

/// <summary>ASP.NET Core SignalR in its JSON protocol, without negotiation; several nodes over Redis.</summary>
internal sealed class SignalRPeer() : Peer("signalr")
{
    public override IReadOnlyList<string> Dialect { get; } =
    [
        "--init", """{"protocol":"json","version":1}\x1e""", "{}",
        "--sub", """{"type":1,"invocationId":"1","target":"Subscribe","arguments":["$T"]}\x1e""", "--suback", "\"type\":3",
        "--pub", """{"type":1,"target":"Publish","arguments":["$T","$P"]}\x1e""",
        "--answer", """{"type":6}\x1e""", """{"type":6}\x1e""",
    ];

    public override string Title(int nodes) => nodes == 1 ? "SignalR" : "SignalR + Redis";

    public override Task PrepareAsync(Workbench bench, CancellationToken cancellation) => Preparation.PublishSignalRAsync(bench, cancellation);

    public override Task<string> VersionAsync(Workbench bench, CancellationToken cancellation) => Task.FromResult($"ASP.NET Core {Environment.Version}");

    public override async Task StartAsync(Setting setting, CancellationToken cancellation)
    {
        var redis = await setting.RedisAsync(cancellation);
        for (var i = 0; i < setting.Nodes; i++)
        {
            var port = setting.Ports(1)[0];
            string[] arguments = [setting.Bench.SignalRDll, $"{port}", .. redis is null ? (string[])[] : [$"{redis}"]];
            var node = setting.Add(ChildProgram.Start(Workbench.Tool("dotnet"), arguments, "ready"));
            setting.AddUrl(port, "/hub");
            await node.WaitUntilReadyAsync(StartTime, cancellation);
        }
    }
}
