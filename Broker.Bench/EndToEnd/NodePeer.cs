using System.Text.Json;

namespace Broker.Bench.EndToEnd;

/// <summary>A server program for Node.js of <c>Peers/node</c>; several processes over Redis.</summary>
/// <param name="name">What <c>--peer</c> takes.</param>
/// <param name="title">For tables.</param>
/// <param name="package">The package it is about.</param>
/// <param name="program">Its file.</param>
/// <param name="path">Where its clients connect.</param>
/// <param name="dialect">How the load generator speaks with it.</param>
internal sealed class NodePeer(string name, string title, string package, string program, string path, IReadOnlyList<string> dialect) : Peer(name)
{
    public override IReadOnlyList<string> Dialect => dialect;

    public static NodePeer Ws() => new("ws", "Node ws", "ws", "ws-server.mjs", "/",
    [
        "--sub", """{"type":"subscribe","topic":"$T"}""", "--suback", "\"subscribed\"",
        "--pub", """{"type":"publish","topic":"$T","data":"$P"}""",
    ]);

    // Engine.IO 4: "2" is a ping, "40" opens the namespace, "42" is an event, a number behind it asks for an answer "43".
    public static NodePeer SocketIo() => new("socketio", "Socket.IO", "socket.io", "socketio-server.mjs", "/socket.io/?EIO=4&transport=websocket",
    [
        "--init", "40", """40{"sid""", "--sub", """420["subscribe","$T"]""", "--suback", "430[",
        "--pub", """42["publish","$T","$P"]""", "--answer", "2", "3",
    ]);

    public override string Title(int nodes) => nodes == 1 ? title : $"{title} + Redis";

    public override Task PrepareAsync(Workbench bench, CancellationToken cancellation) => Preparation.InstallNodePackagesAsync(bench, cancellation);

    public override async Task<string> VersionAsync(Workbench bench, CancellationToken cancellation)
    {
        using var manifest = JsonDocument.Parse(File.ReadAllText(Path.Combine(bench.NodePeers, "package.json")));
        var version = manifest.RootElement.GetProperty("dependencies").GetProperty(package).GetString();
        return $"{package} {version}, Node.js {await ChildProgram.RunAsync(Workbench.Tool("node"), ["--version"], cancellation)}";
    }

    public override async Task StartAsync(Setting setting, CancellationToken cancellation)
    {
        var redis = await setting.RedisAsync(cancellation);
        for (var i = 0; i < setting.Nodes; i++)
        {
            var port = setting.Ports(1)[0];
            string[] arguments = [Path.Combine(setting.Bench.NodePeers, program), $"{port}", .. redis is null ? (string[])[] : [$"{redis}"]];
            var node = setting.Add(ChildProgram.Start(Workbench.Tool("node"), arguments, "ready"));
            setting.AddUrl(port, path);
            await node.WaitUntilReadyAsync(StartTime, cancellation);
        }
    }
}
