using System.Diagnostics.CodeAnalysis;
using System.Net;
using Akka.Streams.Dsl;
using Broker.Node.Configuration.Options;
using Broker.Node.Diagnostics;
using Broker.Node.Listening;

namespace Broker.Node.Hosting;

/// <summary>Opens the public port, and closes it.</summary>
internal sealed class ListenerModule(
    BrokerOptions options,
    ListenerTls tls,
    Admission admission,
    LingeringClose refusals,
    TrustedProxies proxies,
    PipelineModule pipeline,
    BrokerMetrics metrics,
    ConnectionLog connections,
    NodeLog log)
{
    private ListenerBinding? _binding;

    public string Scheme => options.Listen.Tls.Enabled ? "https" : "http";

    /// <summary>Opens the port; the second task runs while connections are accepted.</summary>
    public async Task<(ListenerBinding Binding, Task Accepting)> OpenAsync()
    {
        var endPoint = new IPEndPoint(IPAddress.Parse(options.Listen.Host), options.Listen.Port);
        var listener = new ListenerStage(endPoint, admission, refusals, tls.Load(), proxies, metrics, connections);
        var (bound, accepting) = Source.FromGraph(listener).ToMaterialized(Sink.ForEach<AcceptedConnection>(Start), Keep.Both).Run(pipeline.Materializer);
        _binding = await bound;
        log.Listens(Scheme, _binding.EndPoint);
        return (_binding, accepting);
    }

    public Task CloseAsync() => _binding?.UnbindAsync() ?? Task.CompletedTask;

    /// <summary>A connection that cannot be started is one connection less, and not the end of accepting.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "Whatever it is, the next connection must be accepted.")]
    private void Start(AcceptedConnection connection)
    {
        try
        {
            pipeline.Start(connection);
        }
        catch (Exception e)
        {
            log.NotStarted(e, connection.Remote.Address);
            connection.Reset();
        }
    }
}
