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
    }

    public override void Abort(ConnectionAbortedException abortReason)
    {
        accepted.ResetOnDispose();
        inner.Abort(abortReason);
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
