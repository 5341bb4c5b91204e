using System.Text.Json;

namespace Broker.Bench.EndToEnd;

/// <summary>nats-server over WebSocket; several form a full mesh of routes.</summary>
internal sealed class NatsPeer() : Peer("nats")
{
    public override bool SpeaksTls => true;

    public override IReadOnlyList<string> Dialect { get; } =
    [
        "--bin", "--init", """CONNECT {"verbose":false}\r\nPING\r\n""", "PONG", "--sub", """SUB $T $T\r\nPING\r\n""", "--suback", "PONG",
        "--pub", """PUB $T $L\r\n$P\r\n""", "--answer", """PING\r\n""", """PONG\r\n""",
    ];

    public override string Title(int nodes) => nodes == 1 ? "NATS" : "NATS cluster";

    public override Task PrepareAsync(Workbench bench, CancellationToken cancellation)
    {
        Workbench.Tool("nats-server");
        return Task.CompletedTask;
    }

    public override Task<string> VersionAsync(Workbench bench, CancellationToken cancellation) =>
        ChildProgram.RunAsync(Workbench.Tool("nats-server"), ["--version"], cancellation);

    public override async Task StartAsync(Setting setting, CancellationToken cancellation)
    {
        var routes = setting.Ports(setting.Nodes);
        var monitors = setting.Ports(setting.Nodes);
        for (var i = 0; i < setting.Nodes; i++)
        {
            var ports = setting.Ports(2);
            var file = setting.Write($"nats{i}.conf", Configuration(setting, i, ports, monitors[i], routes));
            var server = setting.Add(ChildProgram.Start(Workbench.Tool("nats-server"), ["-c", file], "Server is ready"));
            setting.AddUrl(ports[0], "/");
            await server.WaitUntilReadyAsync(StartTime, cancellation);
        }

        await WaitForRoutesAsync(monitors, cancellation);
    }

    private static string Configuration(Setting setting, int node, int[] ports, int monitor, int[] routes)
    {
        var certificate = setting.Tls ? Certificate.Write(setting.Directory) : null;
        var tls = certificate is null ? "no_tls: true" : $"tls {{ cert_file: \"{certificate.CertificateFile}\", key_file: \"{certificate.KeyFile}\" }}";
        var cluster = routes.Length == 1 ? "" : $$"""
            cluster {
              name: bench
              listen: "127.0.0.1:{{routes[node]}}"
              routes: [{{string.Join(", ", routes.Select(static port => $"\"nats://127.0.0.1:{port}\""))}}]
            }
            """;
        return $$"""
            server_name: n{{node}}
            listen: "127.0.0.1:{{ports[1]}}"
            http: "127.0.0.1:{{monitor}}"
            websocket {
              listen: "127.0.0.1:{{ports[0]}}"
              compression: {{(setting.Deflate ? "true" : "false")}}
              {{tls}}
            }
            {{cluster}}
            """;
    }

    private static async Task WaitForRoutesAsync(int[] monitors, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(StartTime);
        using var client = new HttpClient();
        foreach (var port in monitors)
        {
            while (await RoutesAsync(client, port, limit.Token) < monitors.Length - 1)
            {
                await Task.Delay(50, limit.Token);
            }
        }
    }

    private static async Task<int> RoutesAsync(HttpClient client, int port, CancellationToken cancellation)
    {
        using var routes = JsonDocument.Parse(await client.GetStringAsync(new Uri($"http://127.0.0.1:{port}/routez"), cancellation));
        return routes.RootElement.GetProperty("num_routes").GetInt32();
    }
}
