namespace Broker.Bench.EndToEnd;

/// <summary>Installs, compiles and publishes what a run needs; sources are apt, NuGet and npm alone.</summary>
internal static class Preparation
{
    private const string NchanModule = "/usr/lib/nginx/modules/ngx_nchan_module.so";

    private static readonly (string File, string Package)[] Packages =
    [
        ("g++", "g++"), ("/usr/include/openssl/ssl.h", "libssl-dev"), ("/usr/include/zlib.h", "zlib1g-dev"), ("taskset", "util-linux"),
        ("nats-server", "nats-server"), ("redis-server", "redis-server"), ("nginx", "nginx-light"), (NchanModule, "libnginx-mod-nchan"),
        ("node", "nodejs"), ("npm", "npm"),
    ];

    public static async Task InstallAsync(TextWriter log, CancellationToken cancellation)
    {
        var missing = Packages.Where(static p => p.File[0] == '/' ? !File.Exists(p.File) : Workbench.TryTool(p.File) is null).Select(static p => p.Package).ToArray();
        if (missing.Length > 0)
        {
            await log.WriteLineAsync($"installing {string.Join(' ', missing)}");
            await ChildProgram.RunAsync(Workbench.Tool("apt-get"), ["update", "-qq"], cancellation);
            await ChildProgram.RunAsync(Workbench.Tool("apt-get"), ["install", "-y", "-qq", "--no-install-recommends", .. missing], cancellation);
        }
    }

    public static async Task CompileLoadGeneratorAsync(Workbench bench, CancellationToken cancellation)
    {
        Directory.CreateDirectory(bench.Output);
        string[] arguments = ["-O2", "-std=c++17", "-o", bench.WsLoad, Path.Combine(bench.Source, "wsload.cpp"), "-lssl", "-lcrypto", "-lz"];
        await ChildProgram.RunAsync(Workbench.Tool("g++"), arguments, cancellation);
    }

    public static Task PublishBrokerAsync(Workbench bench, CancellationToken cancellation) =>
        PublishAsync(Path.Combine(bench.Source, "..", "Broker.Node"), Path.GetDirectoryName(bench.BrokerDll)!, cancellation);

    public static Task PublishSignalRAsync(Workbench bench, CancellationToken cancellation) =>
        PublishAsync(Path.Combine(bench.Source, "Peers", "SignalR"), Path.GetDirectoryName(bench.SignalRDll)!, cancellation);

    public static async Task InstallNodePackagesAsync(Workbench bench, CancellationToken cancellation)
    {
        var installed = new FileInfo(Path.Combine(bench.NodePeers, "node_modules", ".package-lock.json"));
        if (!installed.Exists || installed.LastWriteTimeUtc < File.GetLastWriteTimeUtc(Path.Combine(bench.NodePeers, "package-lock.json")))
        {
            await ChildProgram.RunAsync(Workbench.Tool("npm"), ["ci", "--prefix", bench.NodePeers], cancellation);
        }
    }

    private static Task<string> PublishAsync(string project, string output, CancellationToken cancellation) =>
        ChildProgram.RunAsync(Workbench.Tool("dotnet"), ["publish", "-c", "Release", "-o", output, "--nologo", "-v", "quiet", project], cancellation);
}
