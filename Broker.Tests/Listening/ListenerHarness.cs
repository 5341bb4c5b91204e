using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;
using Akka.Actor;
using Akka.Streams;
using Akka.Streams.Dsl;
using Broker.Node.Configuration.Options;
using Broker.Node.Listening;
using Broker.Tests.Support;

namespace Broker.Tests.Listening;

/// <summary>A running <see cref="ListenerStage"/> whose connections arrive at a test.</summary>
internal sealed class ListenerHarness : IAsyncDisposable
{
    private readonly ActorSystem _system;
    private readonly Channel<AcceptedConnection> _accepted = Channel.CreateUnbounded<AcceptedConnection>();
    private readonly LingeringClose _refusals;

    private ListenerHarness(ActorSystem system, LimitOptions limits, TimeProvider time)
    {
        _system = system;
        Admission = new Admission(limits, Metrics.Metrics, time);
        _refusals = new LingeringClose(time);
    }

    public RecordedMetrics Metrics { get; } = new();

    public Admission Admission { get; }

    public TlsAcceptor? Tls { get; private set; }

    public LingeringClose Refusals => _refusals;

    public ListenerBinding Binding { get; private set; } = null!;

    public Task Ended { get; private set; } = Task.CompletedTask;

    public ActorSystem System => _system;

    public ChannelReader<AcceptedConnection> Accepted => _accepted.Reader;

    public static async Task<ListenerHarness> StartAsync(
        LimitOptions? limits = null,
        TimeProvider? time = null,
        TlsOptions? tls = null,
        Func<Socket, ValueTask<Socket>>? accept = null,
        string hocon = "",
        Action<AcceptedConnection>? handle = null,
        IPEndPoint? endPoint = null,
        ProxyOptions? proxy = null,
        bool http2 = true)
    {
        var system = ActorSystem.Create("listener", hocon + "\nakka.loglevel = DEBUG\nakka.stdout-loglevel = OFF\nakka.loggers = []");
        var harness = new ListenerHarness(system, limits ?? new LimitOptions(), time ?? TimeProvider.System);
        harness.Tls = tls is null ? null : TlsAcceptor.Load(tls, http2);
        var stage = new ListenerStage(
            endPoint ?? new IPEndPoint(IPAddress.Loopback, 0), harness.Admission, harness._refusals, harness.Tls, new TrustedProxies(proxy ?? new ProxyOptions()), harness.Metrics.Metrics, SilentLog.Connections, accept);
        var (bound, ended) = Source.FromGraph(stage)
            .ToMaterialized(Sink.ForEach(handle ?? (connection => harness._accepted.Writer.TryWrite(connection))), Keep.Both)
            .Run(system.Materializer());
        harness.Ended = ended;
        try
        {
            harness.Binding = await bound;
        }
        catch
        {
            await harness.DisposeAsync();
            throw;
        }

        return harness;
    }

    public async Task<AcceptedConnection> NextAsync() => await Accepted.ReadAsync(Deadline.Cancel);

    public async Task<Socket> ConnectAsync()
    {
        var socket = new Socket(Binding.EndPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(Binding.EndPoint, Deadline.Cancel);
        return socket;
    }

    /// <summary>Everything until the other side closes; "reset" at the end when it did not close in order.</summary>
    public static async Task<string> ReadToEndAsync(Socket socket)
    {
        var text = new StringBuilder();
        var buffer = new byte[4096];
        try
        {
            int count;
            while ((count = await socket.ReceiveAsync(buffer, SocketFlags.None, Deadline.Cancel)) > 0)
            {
                text.Append(Encoding.ASCII.GetString(buffer, 0, count));
            }
        }
        catch (SocketException)
        {
            text.Append("reset");
        }

        return text.ToString();
    }

    public async ValueTask DisposeAsync()
    {
        await _system.Terminate();
        _refusals.Dispose();
        Admission.Dispose();
        Metrics.Dispose();
        while (_accepted.Reader.TryRead(out var connection))
        {
            connection.Dispose();
        }
    }
}
