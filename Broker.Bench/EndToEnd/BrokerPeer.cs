using System.Globalization;

namespace Broker.Bench.EndToEnd;

/// <summary>This project's node, with <c>broker.conf</c> of this folder.</summary>
/// <param name="name">What <c>--peer</c> takes.</param>
/// <param name="title">For tables.</param>
/// <param name="dialect">How the load generator speaks with it.</param>
/// <param name="path">Where it connects.</param>
internal sealed class BrokerPeer(string name, string title, IReadOnlyList<string> dialect, string path = "/ws") : Peer(name)
{
    private static readonly string[] JsonDialect =
    [
        "--sub", """{"type":"subscribe","id":1,"topic":"$T"}""", "--suback", "\"subscribed\"",
        "--pub", """{"type":"publish","topic":"$T","data":"$P"}""",
    ];

    public override bool SpeaksTls => true;

    public override IReadOnlyList<string> Dialect => dialect;

    public static BrokerPeer Json() => new("broker", "Broker", JsonDialect);

    public static BrokerPeer Batch() => new("broker-batch", "Broker (?batch=10)", JsonDialect, "/ws?batch=10");

    public static BrokerPeer Stream() => new("broker-sse", "Broker (SSE)", [.. JsonDialect, "--stream", "/sse?topic=$T"]);

    public static BrokerPeer Poll() => new("broker-poll", "Broker (long poll)", [.. JsonDialect, "--poll", "/poll?topic=$T"]);

    // The same maps: 83 is a map of three, a0 + n a string of n bytes, d9 and da strings with a length of one and two bytes.
    public static BrokerPeer MessagePack() => new("broker-msgpack", "Broker (MessagePack)",
    [
        "--bin", "--header", "Sec-WebSocket-Protocol: broker.v1.msgpack",
        "--sub", """\x83\xa4type\xa9subscribe\xa2id\x01\xa5topic\xd9$t$T""", "--suback", "subscribed",
        "--pub", """\x83\xa4type\xa7publish\xa5topic\xd9$t$T\xa4data\xda$p$P""",
    ]);

    public override string Title(int nodes) => nodes == 1 ? title : $"{title} cluster";

    public override Task PrepareAsync(Workbench bench, CancellationToken cancellation) => Preparation.PublishBrokerAsync(bench, cancellation);

    public override async Task<string> VersionAsync(Workbench bench, CancellationToken cancellation) =>
        await ChildProgram.RunAsync(Workbench.Tool("dotnet"), [bench.BrokerDll, "--version"], cancellation);

    public override async Task StartAsync(Setting setting, CancellationToken cancellation)
    {
        var environment = Variables(setting);
        var seed = setting.Ports(1)[0];
        for (var i = 0; i < setting.Nodes; i++)
        {
            var free = setting.Ports(3);
            var cluster = i == 0 ? seed : free[2];
            string[] arguments =
            [
                setting.Bench.BrokerDll, "--config", Path.Combine(setting.Bench.Source, "broker.conf"),
                "--port", Text(free[0]), "--ops-port", Text(free[1]), "--cluster-port", Text(cluster),
                .. setting.Nodes == 1 ? (string[])[] : ["--seed", $"127.0.0.1:{Text(seed)}"],
            ];
            var node = setting.Add(ChildProgram.Start(Workbench.Tool("dotnet"), arguments, "is ready:", environment));
            setting.AddUrl(free[0], path);
            await node.WaitUntilReadyAsync(StartTime, cancellation);
        }
    }

    private static Dictionary<string, string> Variables(Setting setting)
    {
        var variables = new Dictionary<string, string>(setting.Environment) { ["BROKER__DEFLATE__ENABLED"] = setting.Deflate ? "on" : "off" };
        if (setting.Tls)
        {
            var certificate = Certificate.Write(setting.Directory);
            variables["BROKER__LISTEN__TLS__ENABLED"] = "on";
            variables["BROKER__LISTEN__TLS__CERTIFICATE"] = certificate.CertificateFile;
            variables["BROKER__LISTEN__TLS__KEY"] = certificate.KeyFile;
        }

        return variables;
    }

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);
}
