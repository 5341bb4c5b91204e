using System.Net;
using System.Net.Sockets;
using Akka.Streams;
using Akka.Streams.Stage;
using Broker.Node.Diagnostics;

namespace Broker.Node.Listening;

/// <summary>
/// Source of admitted connections on one listening socket. No demand, no accept: then clients wait in the kernel's backlog.
/// With TLS, or behind proxies with a header of their own, the handshakes run on the thread pool beside each other, bounded by
/// <see cref="Admission"/>, and connections come out in the order in which their handshakes end. The materialised task is the
/// bound listener, or an <see cref="IOException"/> that names the address. The stage ends after <see cref="ListenerBinding.UnbindAsync"/> or
/// when downstream cancels; no error of a connection or of accepting ends it.
/// </summary>
internal sealed class ListenerStage : GraphStageWithMaterializedValue<SourceShape<AcceptedConnection>, Task<ListenerBinding>>
{
    public ListenerStage(IPEndPoint endPoint, Admission admission, LingeringClose refusals, TlsAcceptor? tls, TrustedProxies proxies, BrokerMetrics metrics, ConnectionLog log, Func<Socket, ValueTask<Socket>>? accept = null, Descriptors? descriptors = null)
    {
        EndPoint = endPoint;
        Admission = admission;
        Refusals = refusals;
        Tls = tls;
        Proxies = proxies;
        Metrics = metrics;
        ConnectionLog = log;
        Descriptors = descriptors ?? Descriptors.OfProcess;
        Accept = accept ?? (static listening => listening.AcceptAsync(CancellationToken.None));
        Shape = new SourceShape<AcceptedConnection>(Out);
    }

    public Outlet<AcceptedConnection> Out { get; } = new("Listener.out");

    public override SourceShape<AcceptedConnection> Shape { get; }

    internal IPEndPoint EndPoint { get; }

    internal Admission Admission { get; }

    internal LingeringClose Refusals { get; }

    internal TlsAcceptor? Tls { get; }

    internal TrustedProxies Proxies { get; }

    internal BrokerMetrics Metrics { get; }

    internal ConnectionLog ConnectionLog { get; }

    internal Descriptors Descriptors { get; }

    /// <summary>How a connection is taken from the listening socket.</summary>
    internal Func<Socket, ValueTask<Socket>> Accept { get; }

    /// <summary>Tells a client why it is not let in, where that costs no TLS handshake first, and closes.</summary>
    internal void Refuse(AcceptedConnection connection, AdmissionRefusal refusal)
    {
        ConnectionLog.Refused(connection.Remote.Address, refusal);
        if (Tls is null)
        {
            Refusals.Close(connection, RefusalResponse.For(refusal));
        }
        else
        {
            connection.Dispose();
        }
    }

    public override ILogicAndMaterializedValue<Task<ListenerBinding>> CreateLogicAndMaterializedValue(Attributes inheritedAttributes)
    {
        var bound = new TaskCompletionSource<ListenerBinding>(TaskCreationOptions.RunContinuationsAsynchronously);
        return new LogicAndMaterializedValue<Task<ListenerBinding>>(new ListenerLogic(this, bound), bound.Task);
    }
}
