using System.Globalization;
using Broker.Tests.Support;

namespace Broker.Tests.Clients;

/// <summary>A proxy with the files below <c>deploy</c>, in which nothing but addresses is replaced.</summary>
internal static class DeployedProxy
{
    /// <summary>What <c>deploy</c> has: nginx's files, and backends of HAProxy's.</summary>
    public static IReadOnlyList<string> All { get; } = ["nginx any-node", "nginx ip-hash", "nginx cookie-hash", "haproxy any-node", "haproxy source-hash", "haproxy cookie"];

    /// <summary>Those that keep a client on its node.</summary>
    public static IReadOnlyList<string> Sticky { get; } = [.. All.Where(static name => !name.EndsWith("any-node", StringComparison.Ordinal))];

    /// <summary>Starts one of <see cref="All"/> before these nodes; clients say their addresses (<see cref="ProxyProcess.Through"/>).</summary>
    public static Task<ProxyProcess> StartAsync(string name, IReadOnlyList<NodeProcess> nodes, CancellationToken cancellation)
    {
        var variant = name[(name.IndexOf(' ', StringComparison.Ordinal) + 1)..];
        return name.StartsWith("nginx", StringComparison.Ordinal)
            ? ProxyProcess.StartNginxAsync(
                directory => $"""
                    set_real_ip_from unix:;
                    real_ip_header proxy_protocol;
                    {Read("nginx", $"{variant}.conf", nodes)}
                    {Replaced(Read("nginx", "broker.conf", nodes), "listen 80;", $"listen unix:{ProxyProcess.SocketOf(directory)} proxy_protocol;")}
                    """,
                cancellation)
            : ProxyProcess.StartHaproxyAsync(
                directory => Replaced(
                    Replaced(Read("haproxy", "haproxy.cfg", nodes), "bind :80\n", $"bind unix@{ProxyProcess.SocketOf(directory)} accept-proxy\n"),
                    "default_backend any-node",
                    $"default_backend {variant}"),
                cancellation);
    }

    private static string Read(string proxy, string file, IReadOnlyList<NodeProcess> nodes)
    {
        var text = File.ReadAllText(Path.Combine(SourceTree.Root, "deploy", proxy, file));
        for (var i = 0; i < 3; i++)
        {
            // Where there are fewer nodes one is not there: nobody listens on the discard port.
            text = text
                .Replace(Invariant($"127.0.0.1:{8080 + i}"), i < nodes.Count ? nodes[i].Http.Authority : "127.0.0.1:9", StringComparison.Ordinal)
                .Replace(Invariant($"port {9080 + i}"), i < nodes.Count ? Invariant($"port {nodes[i].Ops.Port}") : "port 9", StringComparison.Ordinal);
        }

        return text;
    }

    private static string Replaced(string text, string what, string by)
    {
        Assert.Contains(what, text, StringComparison.Ordinal);
        return text.Replace(what, by, StringComparison.Ordinal);
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
