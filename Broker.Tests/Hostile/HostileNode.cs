using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.RegularExpressions;
using Akka.Actor;
using Broker.Node;
using Broker.Node.Configuration;
using Broker.Node.Diagnostics;
using Broker.Node.Hosting;
using Broker.Node.Listening;
using Broker.Tests.Http;
using Broker.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Broker.Tests.Hostile;

/// <summary>
/// A whole node in the test's process, with the limits of <c>reference.conf</c>, a canary pair, and what there was before
/// anybody else came. Shared by the tests of a class, which run one after the other.
/// </summary>
internal sealed partial class HostileNode : IAsyncDisposable
{
    // A cluster of one leaves itself when its leader looks next, which by default is not before a second after its start.
    private const string Ports = """
        akka.cluster { periodic-tasks-initial-delay = 50ms
          leader-actions-interval = 50ms }
        broker { listen.port = 0
          ops.port = 0
          cluster.port = 0
          drain.time = 0s
          user-topic.enabled = off }

        """;

    /// <summary>Anonymous clients may do everything.</summary>
    public const string Open = """
        broker.auth { anonymous = on
          anonymous-rights { subscribe = [">"]
            publish = [">"]
            history = [">"]
            presence = [">"] } }

        """;

    private readonly WebApplication _app;
    private readonly NodeLog _log;
    private HashSet<string> _actors = [];
    private IReadOnlyDictionary<string, long> _counted = new Dictionary<string, long>();
    private long _untold;
    private int _sockets;

    private HostileNode(WebApplication app, NodeLog log, FakeTimeProvider? time, SslClientAuthenticationOptions? tls)
    {
        _app = app;
        _log = log;
        Tls = tls;
        Time = time;
        Broker = app.Services.GetRequiredService<BrokerNode>();
        Metrics = new RecordedMetrics(app.Services.GetRequiredService<BrokerMetrics>());
    }

    public BrokerNode Broker { get; }

    /// <summary>What the operations port says of the node.</summary>
    public NodeHealth Health => _app.Services.GetRequiredService<NodeHealth>();

    /// <summary>The public port's bounds.</summary>
    public Admission Admission => _app.Services.GetRequiredService<Admission>();

    public RecordedMetrics Metrics { get; }

    public IBroker Api => _app.Services.GetRequiredService<IBroker>();

    public FakeTimeProvider? Time { get; }

    /// <summary>How to connect; null: without TLS.</summary>
    public SslClientAuthenticationOptions? Tls { get; }

    public Canary Canary { get; private set; } = null!;

    public int Port => Broker.EndPoint!.Port;

    private static CancellationToken Cancel => Deadline.Cancel;

    /// <param name="config">HOCON over <c>reference.conf</c>.</param>
    /// <param name="time">The node's clock; null: the system's.</param>
    /// <param name="canaryToken">Where the node wants one.</param>
    /// <param name="tls">How to connect where <paramref name="config"/> has TLS on.</param>
    /// <param name="sings">Whether the canary sings all through, where the clock is the system's.</param>
    public static async Task<HostileNode> StartAsync(
        string config = Open, FakeTimeProvider? time = null, string? canaryToken = null, SslClientAuthenticationOptions? tls = null, bool sings = true)
    {
        var configuration = BrokerConfiguration.Load(
            new CommandLineOptions { Config = "hostile.conf" }, new Dictionary<string, string>(), BrokerBuilderExtensions.Rules, _ => Ports + config);
        Assert.Empty(configuration.Errors);
        var log = new NodeLog();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().AddProvider(log);
        if (time is not null)
        {
            builder.Services.AddSingleton<TimeProvider>(time);
        }

        var app = builder.AddBroker(configuration).Build();
        app.MapGet("/", () => Results.Bytes("page"u8.ToArray(), "text/plain"));
        var node = new HostileNode(app, log, time, tls);
        await app.StartAsync(Cancel);
        await node.Broker.ReadyForClients.WaitAsync(Cancel);
        log.Watch(node.Broker.System!);
        node.Canary = await Canary.StartAsync(async () => (await node.OpenAsync(canaryToken)).Socket);
        await node.Canary.BeatAsync();
        node._actors = node.Actors();
        node._counted = node.Metrics.All;
        node._sockets = OpenSockets();
        log.TakeLines();
        if (sings && time is null)
        {
            node.Canary.Sing();
        }

        return node;
    }

    public Task<RawWebSocket> DialAsync(IPAddress? from = null) => RawWebSocket.DialAsync("127.0.0.1", Port, Tls, from, Cancel);

    public Task<RawWebSocket> ConnectAsync(string path = "/ws", IEnumerable<string>? subprotocols = null, params (string Name, string Value)[] headers) =>
        RawWebSocket.ConnectAsync("127.0.0.1", Port, path, subprotocols, headers, Tls, Cancel);

    /// <summary>An open connection and its welcome.</summary>
    public async Task<(RawWebSocket Socket, JsonElement Welcome)> OpenAsync(string? token = null)
    {
        var socket = await ConnectAsync(headers: token is null ? [] : [("Authorization", "Bearer " + token)]);
        Assert.Equal(101, socket.Status);
        return (socket, await ReadAsync(socket, "welcome"));
    }

    public async Task<RawWebSocket> ClientAsync(string? token = null) => (await OpenAsync(token)).Socket;

    /// <summary>For requests written by hand.</summary>
    public async Task<RawClient> HttpAsync()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(Broker.EndPoint!, Cancel);
        return new RawClient(socket, new NetworkStream(socket));
    }

    /// <summary>The next message, which must be of this type.</summary>
    public static Task<JsonElement> ReadAsync(RawWebSocket socket, string type) => ReadWithinAsync(socket, type, Cancel);

    /// <summary>As <see cref="ReadAsync"/>, with the caller's own patience.</summary>
    public static async Task<JsonElement> ReadWithinAsync(RawWebSocket socket, string type, CancellationToken cancellation)
    {
        var text = await socket.ReceiveTextAsync(cancellation);
        var message = JsonDocument.Parse(text).RootElement;
        Assert.True(message.GetProperty("type").GetString() == type, $"{type} was expected, {text} came");
        return message;
    }

    /// <summary>The next message, which must be an error with this code.</summary>
    public static async Task<JsonElement> ReadErrorAsync(RawWebSocket socket, string code)
    {
        var error = await ReadAsync(socket, "error");
        Assert.Equal(code, error.GetProperty("code").GetString());
        return error;
    }

    /// <summary>A request that changes nothing and costs no message of the rate: the server has read all that was sent before.</summary>
    public static Task RoundTripAsync(RawWebSocket socket) => RoundTripWithinAsync(socket, Cancel);

    /// <summary>As <see cref="RoundTripAsync"/>, with the caller's own patience.</summary>
    public static async Task RoundTripWithinAsync(RawWebSocket socket, CancellationToken cancellation)
    {
        await socket.SendTextAsync("""{"type":"unsubscribe","topic":"nothing","id":"round trip"}""", cancellation);
        await ReadWithinAsync(socket, "unsubscribed", cancellation);
    }

    /// <summary>The connection ends with this close frame, and <c>disconnecting</c> before it where the actor decided.</summary>
    public static async Task ClosesAsync(RawWebSocket socket, int code, string? reason = null)
    {
        var close = await socket.ReceiveCloseAsync(Cancel);
        Assert.True(close.CloseCode == code && (reason is null || close.CloseReason == reason), $"close {code} {reason} was expected, {close} came");
        Assert.True((await socket.ReceiveAsync(Cancel)).IsEnd, "something came after the close frame");
        await socket.DisposeAsync();
    }

    /// <summary>Closes as a client should.</summary>
    public static async Task LeaveAsync(RawWebSocket socket)
    {
        Assert.Equal(1000, (await socket.CloseAsync(cancellation: Cancel)).CloseCode);
        await socket.DisposeAsync();
    }

    /// <summary>Sends bytes in pieces, as long as the server takes them.</summary>
    public static async Task SendUntilCutAsync(RawWebSocket socket, IEnumerable<byte[]> segments)
    {
        try
        {
            foreach (var segment in segments)
            {
                await socket.SendBytesAsync(segment, cancellation: Cancel);
            }
        }
        catch (IOException)
        {
            // Cut on the way: what the server said before is there to be read.
        }
    }

    /// <summary>Moves the clock and lets everybody who behaves be heard.</summary>
    public async Task AdvanceAsync(TimeSpan by)
    {
        Time!.Advance(by);
        await Canary.BeatAsync();
    }

    /// <summary>
    /// The common oracle over what happened since its last call: the canary lost nothing and did not wait, all actors are the same
    /// incarnations as ever, nothing is left five seconds after (nor any socket, where nothing else runs in the process), nothing
    /// was logged as an error, and no offending connection has more than one line.
    /// </summary>
    /// <param name="lines">Lines beside those of offences.</param>
    public Task IsUnharmedAsync(int lines = 0) => CheckAsync(lines);

    /// <summary>The common oracle, and these counts have moved by just as much since its last call, and no others: <c>broker.abuse rate = 1</c>.</summary>
    public async Task HasCountedAsync(params string[] counts) => Assert.Equal(counts.Order(StringComparer.Ordinal), await CheckAsync(lines: 0));

    private async Task<IReadOnlyList<string>> CheckAsync(int lines)
    {
        // On a clock of its own a beat takes the twentieth of a second that it has elsewhere, or its bucket would run dry.
        Time?.Advance(TimeSpan.FromMilliseconds(50));
        await Canary.BeatAsync();
        await Eventually.IsTrueAsync(
            () => Api.State.Connections == 2 && Admission is { Connections: 2, Handshakes: 0 } && Actors().SetEquals(_actors) && OpenSockets() <= _sockets,
            () => $"connections, leases, actors and sockets are back: {this}",
            TimeSpan.FromSeconds(5));
        Canary.WasPrompt();
        Assert.Empty(_log.Errors);

        // Before the counts: who is logged was counted first.
        var logged = _log.TakeLines();
        var counts = Metrics.Since(_counted);
        _counted = Metrics.All;
        _untold += lines + counts.Sum(Offences) - logged.Sum(Told);
        Assert.True(_untold >= 0, $"{-_untold} more lines than offences:\n{string.Join('\n', logged)}\n{string.Join('\n', counts)}");
        return counts;
    }

    /// <summary>Connections that a count says were refused or closed for a fault of their own.</summary>
    private static long Offences(string count) => Offence().Match(count) is { Success: true } match ? long.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : 0;

    /// <summary>Offences that a line tells of; those above the rate have one together. A refused grant ends no connection.</summary>
    private static long Told(string line) =>
        line.StartsWith("Refused the token of a subscribe ", StringComparison.Ordinal) ? 0
        : More().Match(line) is { Success: true } match ? long.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)
        : 1;

    [GeneratedRegex("^broker\\.(?:(?:connections|handshakes)\\.refused|connections\\.closed (?!1011|1012)).* = ([0-9]+)$")]
    private static partial Regex Offence();

    [GeneratedRegex("^([0-9]+) more connections ")]
    private static partial Regex More();

    [LoggerMessage(9001, LogLevel.Information, "{Line}")]
    private static partial void Write(ILogger logger, string line);

    /// <summary>
    /// Sockets of this process, both sides', where a test runs alone in it; else others open and close theirs. Of other files the
    /// runtime opens some when it first needs them.
    /// </summary>
    private static int OpenSockets() => TestContext.Current.TestCollection?.TestCollectionDisplayName == Alone.Name
        ? Directory.GetFiles("/proc/self/fd").Count(static file => new FileInfo(file).LinkTarget?.StartsWith("socket:", StringComparison.Ordinal) == true)
        : 0;

    /// <summary>The heap after two collections, in bytes; tells of this node where nothing runs beside it.</summary>
    public static long Heap()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        return GC.GetTotalMemory(forceFullCollection: false);
    }

    /// <summary>Actors of connections.</summary>
    public int ConnectionActors() => Count(((ActorRefWithCell)Guardian.GetSingleChild(NodeActor.Name)).GetSingleChild("connections")) - 1;

    /// <summary>As a part of the node would.</summary>
    public void Log(string line) => Write(_app.Services.GetRequiredService<ILogger<BrokerNode>>(), line);

    /// <summary>The node's own lines since the last call, information and worse.</summary>
    public IReadOnlyList<string> TakeLines() => _log.TakeLines();

    public override string ToString() =>
        $"{Api.State.Connections - 2} connections, {Admission.Connections - 2} leases, {Admission.Handshakes} handshakes, {ConnectionActors() - 2} connection actors, {OpenSockets() - _sockets} sockets, actors {string.Join(' ', Actors().Except(_actors))} instead of {string.Join(' ', _actors.Except(Actors()))}; {string.Join('\n', _log.Errors)}";

    /// <summary>The host stops, and with it the node.</summary>
    public Task StopAsync() => _app.StopAsync(CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await Canary.DisposeAsync();
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
        Metrics.Dispose();
    }

    private ActorRefWithCell Guardian => (ActorRefWithCell)((ExtendedActorSystem)Broker.System!).Guardian;

    /// <summary>All below the user guardian, by path and incarnation: lanes, connections, and the streams, of which the listener is one.</summary>
    private HashSet<string> Actors()
    {
        var actors = new HashSet<string>(StringComparer.Ordinal);
        Add(Guardian);
        return actors;

        void Add(IActorRef actor)
        {
            actors.Add(actor.Path.ToStringWithUid());
            foreach (var child in actor is ActorRefWithCell cell ? cell.Children : [])
            {
                Add(child);
            }
        }
    }

    private static int Count(IActorRef actor) => actor is ActorRefWithCell cell ? 1 + cell.Children.Sum(Count) : 1;
}
