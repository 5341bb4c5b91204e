using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Akka;
using Akka.Actor;
using Akka.Cluster;
using Akka.Streams;
using Akka.Streams.Dsl;
using Broker.Node.Api;
using Broker.Node.Auth;
using Broker.Node.Configuration;
using Broker.Node.Configuration.Options;
using Broker.Node.Connections;
using Broker.Node.Delivery;
using Broker.Node.Diagnostics;
using Broker.Node.Lanes;
using Broker.Node.Links;
using Broker.Node.Listening;
using Broker.Node.Membership;
using Broker.Node.Topics;
using Broker.Node.Transports.Echo;
using Broker.Node.Transports.WebSocket;
using Broker.Protocol.Handshake;
using Broker.Protocol.Http;
using Broker.Protocol.Wire;

namespace Broker.Node.Hosting;

/// <summary>
/// One node: actor system, lanes, connections, public listener, operations port. Starts with the host before its web
/// server, opens the public port after it, and stops in the phases of Akka's coordinated shutdown, whoever asks for it: the
/// host, <c>Cluster.Leave</c> from elsewhere, or being downed.
/// </summary>
internal sealed partial class BrokerNode : IHostedLifecycleService, INodeHealth, IUpgradeGate, IConnectionPipeline, IDisposable
{
    private readonly ConfigurationResult _configuration;
    private readonly BrokerOptions _options;
    private readonly IServiceProvider _services;
    private readonly IHostApplicationLifetime _lifetime;
    private readonly ILogger<BrokerNode> _logger;
    private readonly TimeProvider _time;
    private readonly FanOutPool _pool = new(FanOutPool.DefaultThreads);
    private readonly BrokerMetrics _metrics;
    private readonly ConnectionLog _log;
    private readonly Admission _admission;
    private readonly EchoEndpoint _echo = new();
    private readonly OpenConnections _open;
    private readonly Action _onEnded;
    private readonly Fence _fence;
    private ActorSystem? _system;
    private ActorMaterializer? _materializer;
    private LaneSet? _lanes;
    private IActorRef _connections = ActorRefs.Nobody;
    private UpgradeGate? _gate;
    private ConnectionPipeline? _pipeline;
    private OpsServer? _ops;
    private ListenerBinding? _binding;
    private TokenGate? _tokens;
    private CertificateWatch? _certificate;
    private string _id = "";
    private int _stopping;
    private bool _hasJoined;
    private bool _abandoned;

    public BrokerNode(ConfigurationResult configuration, IServiceProvider services, IHostApplicationLifetime lifetime, BrokerMetrics metrics, ConnectionLog log, ILogger<BrokerNode> logger, TimeProvider time)
    {
        _configuration = configuration;
        _options = configuration.Options!;
        _services = services;
        _lifetime = lifetime;
        _logger = logger;
        _time = time;
        _metrics = metrics;
        _onEnded = metrics.Ended;
        _log = log;
        _open = new OpenConnections(_options.Memory.ConnectionBytes);
        _admission = new Admission(_options.Limits, metrics, time, new MemoryGuard(_options.Memory, new GcMemoryProbe(), time));
        _fence = new Fence(time);
        Topics = new TopicRules(_options);
    }

    public TopicRules Topics { get; }

    public bool Started { get; private set; }

    public bool Ready => Reason is null;

    public string? Reason =>
        NotServing
        ?? (_binding is not { Accepting: true } ? "not accepting connections"
        : _admission.Full ? "no room for connections"
        : _admission.IsShedding ? "not enough memory for connections"
        : null);

    /// <summary>Why clients that have been let in are not served; null when they are.</summary>
    private string? NotServing =>
        Volatile.Read(ref _stopping) != 0 ? "stopping"
        : _lanes is not { } lanes ? "starting"
        : !lanes.Gate.IsReady ? lanes.Gate.Reason
        : !_fence.IsOpen ? "not enough other nodes answer"
        : null;

    public Task ReadyForClients => _readyForClients.Task;

    public NodeState State => new(Name, Ready, _open.Count, Members);

    /// <summary>The public port; null before it is open.</summary>
    public IPEndPoint? EndPoint => _binding?.EndPoint;

    /// <summary>The public port's bounds.</summary>
    public Admission Admission => _admission;

    /// <summary>Null before the start.</summary>
    public ActorSystem? System => _system;

    private readonly TaskCompletionSource _readyForClients = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private string Name { get; set; } = "";

    private int Members => _system is { } system ? Cluster.Get(system).State.Members.Count(static m => m.Status == MemberStatus.Up) : 0;

    public bool Owns(string path) => _gate!.Owns(path);

    public UpgradeDecision Evaluate(RequestHead head, IPAddress peer, bool tls) => _gate!.Evaluate(head, peer, tls);

    public void Start(AcceptedConnection connection) => _pipeline!.Start(connection);

    /// <returns>False: the node is not ready.</returns>
    public bool TryPost(LaneCommand command)
    {
        if (_lanes is not { Gate.IsReady: true } lanes)
        {
            return false;
        }

        lanes.Post(command);
        return true;
    }

    /// <summary>For what was promised while the node was ready.</summary>
    public void Post(LaneCommand command) => _lanes!.Post(command);

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        foreach (var warning in _configuration.Warnings)
        {
            Warning(warning);
        }

        _ops = new OpsServer(_options.Ops, _options.Listen.Port, this);
        await StartPartAsync(async () => OpsListens(await _ops.StartAsync(cancellationToken)), $"{_options.Ops.Host}:{OpsServer.PortFor(_options.Ops, _options.Listen.Port)} for operations", "--ops-port, broker.ops.port");
    }

    public Task StartAsync(CancellationToken cancellationToken) => StartPartAsync(
        () =>
        {
            cancellationToken.ThrowIfCancellationRequested();
            StartSystem();
            return Task.CompletedTask;
        },
        $"{_options.Cluster.Host}:{_options.Cluster.Port} for other nodes",
        "--cluster-port, broker.cluster.port");

    private void StartSystem()
    {
        _tokens = Tokens();
        var setup = NodeSystemSetup.TryCreate(_configuration, _time, out var error) ?? throw new ConfigurationException([error!]);
        _system = ActorSystem.Create(ClusterOptions.SystemName, setup);
        var cluster = Cluster.Get(_system);
        var address = cluster.SelfAddress;
        _id = cluster.SelfUniqueAddress.Uid.ToString("x8", CultureInfo.InvariantCulture);
        Name = _options.Node.Name.Length > 0 ? _options.Node.Name : _id;
        ClusterListens(address.Host!, address.Port ?? 0);

        var memory = new LogMemory(_options.Memory.LogBytes, _options.Lanes.Count, lane => _lanes?.Wake(lane));
        _lanes = new LaneSet(
            _system,
            _options.Lanes,
            lane => new LaneTopics(_pool, _options.Limits.Lag, _options.Deflate, new LaneMemory(memory, lane, _metrics), _metrics, _fence),
            OnLaneFailed,
            _fence,
            "the cluster is being founded",
            _time);
        var links = _lanes.Counters;
        _metrics.ShowLinks(() => links.Gaps, () => links.Skips, () => links.MessagesLost);
        _metrics.ShowMemory(() => memory.Total, () => _open.Held);
        var services = ConnectionServices();
        _connections = _system.ActorOf(Props.Create(() => new ConnectionsActor(services)), "connections");
        OriginPolicy.TryCreate(_options.Origins.Allow, out var origins, out _);
        _gate = new UpgradeGate(
            services,
            origins!,
            _services.GetRequiredService<TrustedProxies>(),
            new UntrustedForwarders(_options.Listen.Proxy, _services.GetRequiredService<ILogger<UntrustedForwarders>>()),
            _admission,
            () => NotServing is null,
            _log);
        _materializer = _system.Materializer();
        _pipeline = new ConnectionPipeline(_materializer, _options.Limits, _gate, _services.GetRequiredService<IHttpFrontDoor>(), OnAccepted, _echo, _open, _metrics, _log, _time);
        OrderShutdown(_system);
        cluster.RegisterOnMemberUp(() => Volatile.Write(ref _hasJoined, true));
        Observe(CloseClientsAsync(_lanes.Gate));
        Observe(WatchAsync(_system));
        EndWithout(_lanes.Actor);
        EndWithout(_connections);
        StartMembership(_system, cluster, _lanes);
    }

    /// <summary>The host's web server is up: requests that are not upgrades have somewhere to go.</summary>
    public Task StartedAsync(CancellationToken cancellationToken) =>
        StartPartAsync(OpenAsync, $"{_options.Listen.Host}:{_options.Listen.Port} for clients", "--port, broker.listen.port");

    private async Task OpenAsync()
    {
        var endPoint = new IPEndPoint(IPAddress.Parse(_options.Listen.Host), _options.Listen.Port);
        var tls = _options.Listen.Tls.Enabled ? TlsAcceptor.Load(_options.Listen.Tls) : null;
        _certificate = tls is null ? null : new CertificateWatch(tls, _metrics, _services.GetRequiredService<ILogger<CertificateWatch>>(), _time);
        var listener = new ListenerStage(endPoint, _admission, _services.GetRequiredService<LingeringClose>(), tls, _services.GetRequiredService<TrustedProxies>(), _metrics, _log);
        var (binding, accepting) = Source.FromGraph(listener).ToMaterialized(Sink.ForEach<AcceptedConnection>(StartOne), Keep.Both).Run(_materializer!);
        _binding = await binding;
        Observe(accepting);
        var scheme = tls is null ? "http" : "https";
        Listens(scheme, _binding.EndPoint);
        Observe(AnnounceAsync(scheme));
    }

    /// <summary>A connection that cannot be started is one connection less, and not the end of accepting.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "Whatever it is, the next connection must be accepted.")]
    private void StartOne(AcceptedConnection connection)
    {
        try
        {
            Start(connection);
        }
        catch (Exception e)
        {
            NotStarted(e, connection.Remote.Address);
            connection.Reset();
        }
    }

    /// <summary>What has been started does not stay behind where a part cannot be; a port in use is told by its flag.</summary>
    private async Task StartPartAsync(Func<Task> start, string address, string setting)
    {
        try
        {
            await start();
        }
        catch (Exception e)
        {
            await AbandonAsync();
            if (Refusal(e) is { } why)
            {
                throw new IOException($"cannot listen on {address}: {why} ({setting})", e);
            }

            throw;
        }
    }

    /// <summary>The line about an address that cannot be had; null: it is something else.</summary>
    private static string? Refusal(Exception error)
    {
        for (Exception? e = error; e is not null; e = e.InnerException)
        {
            if (e is SocketException socket)
            {
                return ListeningSocket.Explain(socket);
            }
        }

        return null;
    }

    private async Task AbandonAsync()
    {
        Volatile.Write(ref _abandoned, true);
        if (_system is not null)
        {
            await CoordinatedShutdown.Get(_system).Run(StartFailed.Instance);
        }

        if (_ops is not null)
        {
            await _ops.DisposeAsync();
        }
    }

    /// <summary>A task that nobody waits for: its failure is said, and ends the node, which could not be whole without it.</summary>
    private void Observe(Task task) => task.ContinueWith(
        failed =>
        {
            if (Volatile.Read(ref _stopping) == 0)
            {
                PartFailed(failed.Exception!.GetBaseException());
                End();
            }
        },
        CancellationToken.None,
        TaskContinuationOptions.OnlyOnFaulted,
        TaskScheduler.Default);

    /// <summary>These actors are not restarted: what they held is lost with them.</summary>
    private void EndWithout(IActorRef part) => Observe(EndWithoutAsync(part));

    private async Task EndWithoutAsync(IActorRef part)
    {
        await part.WatchAsync();
        if (Volatile.Read(ref _stopping) == 0)
        {
            PartEnded(part.Path.Name);
            End();
        }
    }

    /// <summary>As a node that was downed: nothing is promised any more, clients are closed, and the process ends with 1.</summary>
    private void End()
    {
        _fence.Close();
        _lanes?.Close("this node ends");
        if (_system is { } system)
        {
            Cluster.Get(system).Down(Cluster.Get(system).SelfAddress);
        }
    }

    /// <summary>Before the web server stops: clients are told, then the node leaves the cluster.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        if (_system is not null)
        {
            Stopping();
            await CoordinatedShutdown.Get(_system).Run(CoordinatedShutdown.ClrExitReason.Instance);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        if (_ops is not null)
        {
            await _ops.DisposeAsync();
        }
    }

    public void Dispose()
    {
        _admission.Dispose();
        _pool.Dispose();
        _tokens?.Dispose();
        _certificate?.Dispose();
    }

    private void StartMembership(ActorSystem system, Cluster cluster, LaneSet lanes)
    {
        var context = new FormationContext(
            Serves: () => NotServing is null,
            Probe: seed => SeedProbe.AskAsync(seed, CancellationToken.None),
            Join: cluster.Join,
            Founding: lanes.Founding,
            Waiting: WaitsForSeeds,
            Pair: WarnOfPair,
            End: reason =>
            {
                GivenUp(reason);
                End();
            });
        var formation = system.ActorOf(Props.Create(() => new FormationActor(_options.Cluster, context, _time)), FormationActor.Name);
        Action opened = () => formation.Tell(FormationActor.FenceOpened.Instance, ActorRefs.NoSender);
        Action servingHeard = () => formation.Tell(FormationActor.ServingHeard.Instance, ActorRefs.NoSender);
        var pulses = Props.Create(() => new PulseActor(_fence, _options.Cluster.Downing, _time, context.Serves, opened, servingHeard));
        EndWithout(formation);
        EndWithout(system.ActorOf(pulses.WithDispatcher(AkkaConfig.PulseDispatcher), PulseActor.Name));
    }

    private TokenGate Tokens()
    {
        var validator = JwtValidator.TryCreate(_options.Auth, _time, _services.GetRequiredService<ILogger<JwtValidator>>(), out var tokens, out var error) ? tokens : throw new ConfigurationException([error]);
        Rights.TryCreate(_options.Auth.AnonymousRights, out var anonymous, out _);
        return new TokenGate(validator, new TokenGuesses(_time, _services.GetRequiredService<TrustedProxies>().Contains), anonymous!, _metrics);
    }

    private ConnectionServices ConnectionServices() =>
        new(_options, new NodeIdentity(_id, Name), _tokens!, Topics, new Quotas(_options, _time), _lanes!, _metrics, _time);

    private void OnAccepted(ClientConnection connection)
    {
        _open.Add(connection);
        _metrics.Opened();
        connection.Transport.OnEnded(_onEnded);
        if (connection.Request!.Echo)
        {
            _echo.Add(connection);
        }
        else
        {
            _connections.Tell(connection, ActorRefs.NoSender);
        }
    }

    /// <summary>A lane's logs are lost: everyone comes back, and subscribes anew.</summary>
    private void OnLaneFailed(int lane, Exception error)
    {
        LaneFailed(error, lane);
        _connections.Tell(new ConnectionsActor.DisconnectAll(DisconnectReasons.ServerError));
    }

    private void OrderShutdown(ActorSystem system)
    {
        var shutdown = CoordinatedShutdown.Get(system);
        shutdown.AddTask(CoordinatedShutdown.PhaseBeforeServiceUnbind, "broker-unready", async () =>
        {
            Volatile.Write(ref _stopping, 1);
            if (IsOwn(shutdown))
            {
                await Task.Delay(_options.Drain.Delay, _time);
            }

            return Done.Instance;
        });
        shutdown.AddTask(CoordinatedShutdown.PhaseServiceUnbind, "broker-unbind", async () =>
        {
            if (_binding is not null)
            {
                await _binding.UnbindAsync();
            }

            return Done.Instance;
        });
        shutdown.AddTask(CoordinatedShutdown.PhaseServiceRequestsDone, "broker-drain", async () =>
        {
            await DrainAsync(IsOwn(shutdown) ? _options.Drain.Time : TimeSpan.Zero);
            return Done.Instance;
        });
        shutdown.AddTask(CoordinatedShutdown.PhaseBeforeClusterShutdown, "broker-goodbye", async () =>
        {
            if (shutdown.ShutdownReason is not CoordinatedShutdown.ClusterDowningReason && !await _lanes!.GoodbyeAsync(ShutdownBudget.Goodbye))
            {
                NoGoodbye();
            }

            return Done.Instance;
        });
    }

    /// <summary>This node stops by its own will, and may take its time.</summary>
    private static bool IsOwn(CoordinatedShutdown shutdown) =>
        shutdown.ShutdownReason is not (CoordinatedShutdown.ClusterDowningReason or CoordinatedShutdown.ClusterLeavingReason or StartFailed);

    private Task DrainAsync(TimeSpan time)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _connections.Tell(new ConnectionsActor.DrainAll(time, done));
        return Task.WhenAll(done.Task, _echo.CloseAsync());
    }

    /// <summary>
    /// A node that is leaving by another's word, or was downed, gets nothing from its peers any more and must not serve a
    /// moment longer than it can help: the shutdown comes only when all members have seen that it leaves.
    /// </summary>
    private async Task CloseClientsAsync(ReadyGate gate)
    {
        await gate.Closed;
        await DrainAsync(TimeSpan.Zero);
    }

    /// <summary>The actor system may end without the host asking: then the process ends, for its supervisor to start it anew.</summary>
    private async Task WatchAsync(ActorSystem system)
    {
        await system.WhenTerminated;
        if (!_lifetime.ApplicationStopping.IsCancellationRequested && !Volatile.Read(ref _abandoned))
        {
            if (Volatile.Read(ref _hasJoined))
            {
                Removed();
            }
            else
            {
                NotJoined(string.Join(", ", _options.Cluster.Seeds));
            }

            Environment.ExitCode = 1;
            _lifetime.StopApplication();
        }
    }

    private async Task AnnounceAsync(string scheme)
    {
        await _lanes!.Gate.Ready;
        Started = true;
        _readyForClients.TrySetResult();
        IsReady(Name, scheme, _binding!.EndPoint, _options.Listen.Paths[0], _options.Cluster.HasOtherSeeds ? string.Create(CultureInfo.InvariantCulture, $"{Members} member(s)") : "alone, without other seeds");
    }

    [LoggerMessage(1, LogLevel.Warning, "{Text}")]
    private partial void Warning(string text);

    [LoggerMessage(2, LogLevel.Information, "ops on http://{EndPoint}")]
    private partial void OpsListens(IPEndPoint endPoint);

    [LoggerMessage(3, LogLevel.Information, "cluster on {Host}:{Port}")]
    private partial void ClusterListens(string host, int port);

    [LoggerMessage(4, LogLevel.Information, "listening on {Scheme}://{EndPoint}")]
    private partial void Listens(string scheme, IPEndPoint endPoint);

    [LoggerMessage(5, LogLevel.Information, "node {Name} is ready: {Http}://{EndPoint}/ (clients: {Path}; cluster: {Cluster})")]
    private partial void IsReady(string name, string http, IPEndPoint endPoint, string path, string cluster);

    [LoggerMessage(6, LogLevel.Information, "stopping: closing connections, then leaving the cluster")]
    private partial void Stopping();

    [LoggerMessage(7, LogLevel.Error, "lane {Lane} failed; its connections are closed and come back")]
    private partial void LaneFailed(Exception error, int lane);

    [LoggerMessage(8, LogLevel.Warning, "not every node acknowledged the goodbye in time; they may tell their clients of a gap")]
    private partial void NoGoodbye();

    [LoggerMessage(9, LogLevel.Error, "this node has left or was removed from the cluster; the process ends")]
    private partial void Removed();

    [LoggerMessage(10, LogLevel.Information, "waiting for {Seeds}; a cluster that does not exist yet is founded by the first seed, {First}, alone")]
    private partial void WaitsForSeeds(string seeds, string first);

    [LoggerMessage(12, LogLevel.Warning, "this is a cluster of two: if the node with the lower address dies, the other ends as well. Surviving a crash takes three nodes, or broker.cluster.downing = survivor")]
    private partial void WarnOfPair();

    [LoggerMessage(11, LogLevel.Error, "this node ends: {Reason}")]
    private partial void GivenUp(string reason);

    [LoggerMessage(13, LogLevel.Error, "could not join: no seed of {Seeds} answered as a member; a seed must be spelled as that node's broker.cluster.host and port, and the first seed must run for a cluster to be founded")]
    private partial void NotJoined(string seeds);

    [LoggerMessage(14, LogLevel.Error, "a part of this node failed; the node ends")]
    private partial void PartFailed(Exception error);

    [LoggerMessage(15, LogLevel.Error, "{Part} of this node failed; the node ends")]
    private partial void PartEnded(string part);

    [LoggerMessage(16, LogLevel.Error, "a connection of {Remote} could not be started")]
    private partial void NotStarted(Exception error, IPAddress remote);

    private sealed class StartFailed : CoordinatedShutdown.Reason
    {
        public static readonly StartFailed Instance = new();

        public override int ExitCode => 1;
    }
}
