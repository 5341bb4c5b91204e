namespace Broker.Bench.EndToEnd;

/// <summary>Nchan, a module of nginx, one worker; a connection is to the channel in its path, so that it never asks for a topic.</summary>
internal sealed class NchanPeer() : Peer("nchan")
{
    public override int MostNodes => 1;

    public override bool Subscribes => false;

    public override IReadOnlyList<string> Dialect { get; } = ["--pub", "$P"];

    public override string Title(int nodes) => "Nchan";

    public override Task PrepareAsync(Workbench bench, CancellationToken cancellation)
    {
        Workbench.Tool("nginx");
        return Task.CompletedTask;
    }

    public override async Task<string> VersionAsync(Workbench bench, CancellationToken cancellation) =>
        $"{await ChildProgram.RunAsync(Workbench.Tool("nginx"), ["-v"], cancellation)}, "
        + $"libnginx-mod-nchan {await ChildProgram.RunAsync(Workbench.Tool("dpkg-query"), ["-W", "-f", "${Version}", "libnginx-mod-nchan"], cancellation)}";

    public override async Task StartAsync(Setting setting, CancellationToken cancellation)
    {
        var port = setting.Ports(1)[0];
        var text = File.ReadAllText(Path.Combine(setting.Bench.Source, "Peers", "nchan.conf"))
            .Replace("{directory}", setting.Directory, StringComparison.Ordinal)
            .Replace("{port}", $"{port}", StringComparison.Ordinal)
            .Replace("{user}", Environment.IsPrivilegedProcess ? "user root;" : "", StringComparison.Ordinal);
        var nginx = setting.Add(ChildProgram.Start(Workbench.Tool("nginx"), ["-c", setting.Write("nginx.conf", text), "-p", setting.Directory, "-e", "stderr"], "start worker process "));
        setting.AddUrl(port, "/ws/$T");
        await nginx.WaitUntilReadyAsync(StartTime, cancellation);
    }
}
