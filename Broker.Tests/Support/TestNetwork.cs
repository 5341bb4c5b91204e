using System.Globalization;
using System.Net;

namespace Broker.Tests.Support;

/// <summary>
/// Hosts of their own for nodes: network namespaces on one bridge, which the test reaches too, with addresses 10.x.y.1, .2, …, of which
/// x belongs to the process. Links between them are cut with nftables. Needs root, <c>ip</c> and <c>nft</c>; disposing takes everything down.
/// </summary>
internal sealed class TestNetwork : IAsyncDisposable
{
    private static int _networks;

    private readonly string _ip;
    private readonly string _nft;
    private readonly string _name;
    private readonly int _subnet;
    private readonly int _hosts;

    private TestNetwork(int hosts)
    {
        (_ip, _nft, _hosts) = (RequiredTool.Find("ip"), RequiredTool.Find("nft"), hosts);
        RequiredTool.Root();
        _subnet = Interlocked.Increment(ref _networks) % 200;
        _name = string.Create(CultureInfo.InvariantCulture, $"bt{Environment.ProcessId % 100000}x{_subnet}");
    }

    public static async Task<TestNetwork> CreateAsync(int hosts, CancellationToken cancellation)
    {
        var network = new TestNetwork(hosts);
        try
        {
            await network.UpAsync(cancellation);
            return network;
        }
        catch
        {
            await network.DisposeAsync();
            throw;
        }
    }

    public int Hosts => _hosts;

    /// <summary>The address of a host, from 1.</summary>
    public string Address(int host) => string.Create(CultureInfo.InvariantCulture, $"10.{64 + (Environment.ProcessId % 128)}.{_subnet}.{host}");

    /// <summary>What a command line begins with to run on a host.</summary>
    public string[] On(int host) => [_ip, "netns", "exec", Namespace(host)];

    /// <summary>From now on nothing that one host sends reaches the other.</summary>
    public Task CutAsync(int from, int to, CancellationToken cancellation) =>
        NftAsync(to, $"add rule inet cut in ip saddr {Address(from)} drop", cancellation);

    /// <summary>Nothing gets through between two hosts any more.</summary>
    public async Task CutBothAsync(int one, int other, CancellationToken cancellation)
    {
        await CutAsync(one, other, cancellation);
        await CutAsync(other, one, cancellation);
    }

    /// <summary>Nothing gets through between any two hosts any more.</summary>
    public async Task CutAllAsync(CancellationToken cancellation)
    {
        for (var host = 1; host <= _hosts; host++)
        {
            for (var other = host + 1; other <= _hosts; other++)
            {
                await CutBothAsync(host, other, cancellation);
            }
        }
    }

    /// <summary>Nothing gets through between a host and the others any more.</summary>
    public async Task CutOffAsync(int host, CancellationToken cancellation)
    {
        foreach (var other in Enumerable.Range(1, _hosts).Where(other => other != host))
        {
            await CutBothAsync(host, other, cancellation);
        }
    }

    /// <summary>Of what one host sends to the other, so many packets of a hundred are lost.</summary>
    public Task LoseAsync(int from, int to, int percent, CancellationToken cancellation) => NftAsync(
        to, string.Create(CultureInfo.InvariantCulture, $"add rule inet cut in ip saddr {Address(from)} numgen random mod 100 < {percent} drop"), cancellation);

    /// <summary>From now on what a host begins to send to a port of another takes the way over a link that can be late. The caller ends it.</summary>
    public async Task<LateLink> LateAsync(int from, int to, int port, CancellationToken cancellation)
    {
        var link = new LateLink(Address(254), new IPEndPoint(IPAddress.Parse(Address(to)), port));
        await NftAsync(from, "add table ip late; add chain ip late out { type nat hook output priority -100; }", cancellation);
        await NftAsync(from, string.Create(CultureInfo.InvariantCulture, $"add rule ip late out ip daddr {Address(to)} tcp dport {port} dnat to {Address(254)}:{link.Port}"), cancellation);
        return link;
    }

    /// <summary>What a host sends goes out no faster than this, in Mbit/s.</summary>
    public Task SlowAsync(int host, int rate, CancellationToken cancellation) => RunAsync(
        [.. On(host), RequiredTool.Find("tc"), "qdisc", "replace", "dev", "eth0", "root", "tbf", "rate", string.Create(CultureInfo.InvariantCulture, $"{rate}mbit"), "burst", "64k", "latency", "200ms"],
        cancellation);

    /// <summary>What a host has sent so far, to others and to the test.</summary>
    public long SentBytes(int host) => long.Parse(File.ReadAllText($"/sys/class/net/{Namespace(host)}/statistics/rx_bytes"), CultureInfo.InvariantCulture);

    /// <summary>All links are as they were, but for <see cref="SlowAsync"/> and <see cref="LateAsync"/>.</summary>
    public async Task HealAsync(CancellationToken cancellation)
    {
        for (var host = 1; host <= _hosts; host++)
        {
            await NftAsync(host, "flush chain inet cut in", cancellation);
        }
    }

    public async ValueTask DisposeAsync()
    {
        for (var host = 1; host <= _hosts; host++)
        {
            await ChildProcess.RunAsync(_ip, ["netns", "del", Namespace(host)], CancellationToken.None);
        }

        await ChildProcess.RunAsync(_ip, ["link", "del", _name], CancellationToken.None);
    }

    private string Namespace(int host) => string.Create(CultureInfo.InvariantCulture, $"{_name}-{host}");

    private async Task UpAsync(CancellationToken cancellation)
    {
        await IpAsync(cancellation, "link", "add", _name, "type", "bridge");
        await IpAsync(cancellation, "addr", "add", $"{Address(254)}/24", "dev", _name);
        await IpAsync(cancellation, "link", "set", _name, "up");
        for (var host = 1; host <= _hosts; host++)
        {
            var (space, outside) = (Namespace(host), Namespace(host));
            await IpAsync(cancellation, "netns", "add", space);
            await IpAsync(cancellation, "link", "add", outside, "type", "veth", "peer", "name", "eth0", "netns", space);
            await IpAsync(cancellation, "link", "set", outside, "master", _name, "up");
            await IpAsync(cancellation, "-n", space, "addr", "add", $"{Address(host)}/24", "dev", "eth0");
            await IpAsync(cancellation, "-n", space, "link", "set", "lo", "up");
            await IpAsync(cancellation, "-n", space, "link", "set", "eth0", "up");
            await NftAsync(host, "add table inet cut; add chain inet cut in { type filter hook input priority 0; }", cancellation);
        }
    }

    private Task IpAsync(CancellationToken cancellation, params string[] arguments) => RunAsync([_ip, .. arguments], cancellation);

    private Task NftAsync(int host, string command, CancellationToken cancellation) => RunAsync([.. On(host), _nft, command], cancellation);

    private static async Task RunAsync(string[] command, CancellationToken cancellation)
    {
        var (exitCode, output) = await ChildProcess.RunAsync(command[0], command[1..], cancellation);
        Assert.True(exitCode == 0, $"{string.Join(' ', command)}: {output}");
    }
}
