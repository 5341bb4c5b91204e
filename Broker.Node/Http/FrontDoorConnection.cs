using System.IO.Pipelines;
using System.Net;
using Broker.Node.Listening;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace Broker.Node.Http;

/// <summary>A connection in Kestrel's hands; its place in the listener's counts is free when Kestrel has disposed it.</summary>
internal sealed class FrontDoorConnection(ConnectionContext inner, AcceptedConnection accepted) : ConnectionContext
{
    public override string ConnectionId
    {
        get => inner.ConnectionId;
        set => inner.ConnectionId = value;
    }

    public override IFeatureCollection Features => inner.Features;

    public override IDictionary<object, object?> Items
    {
        get => inner.Items;
        set => inner.Items = value;
    }

    public override IDuplexPipe Transport
    {
        get => inner.Transport;
        set => inner.Transport = value;
    }

    public override CancellationToken ConnectionClosed
    {
        get => inner.ConnectionClosed;
        set => inner.ConnectionClosed = value;
    }

    public override EndPoint? LocalEndPoint
    {
        get => inner.LocalEndPoint;
        set => inner.LocalEndPoint = value;
    }

    public override EndPoint? RemoteEndPoint
    {
        get => inner.RemoteEndPoint;
        set => inner.RemoteEndPoint = value;
    }

    public override void Abort()
    {
        accepted.ResetOnDispose();
        inner.Abort();
        EndAborted();
    }

    public override void Abort(ConnectionAbortedException abortReason)
    {
        accepted.ResetOnDispose();
        inner.Abort(abortReason);
        EndAborted();
    }

    /// <summary>
    /// Kestrel does not come back to an HTTP/2 connection where the queue of its streams' output ran over: it waits for streams that it has
    /// lost. The socket is closed by then, and nobody must hold its place.
    /// </summary>
    private void EndAborted()
    {
        if (accepted.IsHttp2)
        {
            accepted.Dispose();
        }
    }

    public override async ValueTask DisposeAsync()
    {
        try
        {
            await inner.DisposeAsync();
        }
        finally
        {
            accepted.Dispose();
            await base.DisposeAsync();
        }
    }
}
