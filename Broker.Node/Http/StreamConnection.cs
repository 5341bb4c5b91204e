using System.IO.Pipelines;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Broker.Node.Listening;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Broker.Node.Http;

/// <summary>
/// A <see cref="System.IO.Stream"/> as Kestrel's transport. It is read ahead of Kestrel, up to the pipe's bound, because only a
/// read tells that the client is gone while a request is being answered.
/// </summary>
internal sealed class StreamConnection : ConnectionContext, ITlsConnectionFeature, ITlsApplicationProtocolFeature
{
    private static readonly TimeSpan GoodbyeTime = TimeSpan.FromSeconds(1);
    private static long _lastId;

    private readonly Stream _stream;
    private readonly Pipe _input = new(new PipeOptions(pauseWriterThreshold: 64 * 1024, resumeWriterThreshold: 32 * 1024, useSynchronizationContext: false));
    private readonly CancellationTokenSource _closed = new();
    private readonly CancellationTokenSource _stopped = new();
    private readonly Task _reading;
    private volatile bool _aborted;

    public StreamConnection(AcceptedConnection connection, ReadOnlyMemory<byte> received)
    {
        _stream = connection.Stream!;
        ConnectionId = $"S{Interlocked.Increment(ref _lastId):X}";
        Transport = new DuplexPipe(_input.Reader, new StreamOutput(_stream));
        ConnectionClosed = _closed.Token;
        LocalEndPoint = connection.Local;
        RemoteEndPoint = connection.Remote;
        if (connection.Tls)
        {
            // What makes Request.IsHttps true.
            Features.Set<ITlsConnectionFeature>(this);

            // What Kestrel chooses between HTTP/1.1 and HTTP/2 by.
            Features.Set<ITlsApplicationProtocolFeature>(this);
        }

        _reading = ReadAsync(received);
    }

    public ReadOnlyMemory<byte> ApplicationProtocol => _stream is SslStream tls ? tls.NegotiatedApplicationProtocol.Protocol : default;

    public override string ConnectionId { get; set; }

    public override IFeatureCollection Features { get; } = new FeatureCollection();

    public override IDictionary<object, object?> Items { get; set; } = new ConnectionItems();

    public override IDuplexPipe Transport { get; set; }

    /// <summary>Clients are not asked for certificates.</summary>
    public X509Certificate2? ClientCertificate { get; set; }

    public Task<X509Certificate2?> GetClientCertificateAsync(CancellationToken cancellationToken) => Task.FromResult(ClientCertificate);

    public override void Abort() => Abort(new ConnectionAbortedException());

    public override void Abort(ConnectionAbortedException abortReason)
    {
        // Closing the stream is what ends a write that the client does not take.
        _aborted = true;
        _stream.Dispose();
    }

    public override async ValueTask DisposeAsync()
    {
        await _input.Reader.CompleteAsync();
        await Transport.Output.CompleteAsync(new ConnectionAbortedException());
        if (!_aborted && _stream is SslStream tls)
        {
            await SayGoodbyeAsync(tls);
        }

        await _stopped.CancelAsync();
        await _stream.DisposeAsync();
        await _reading;
        await base.DisposeAsync();
    }

    /// <summary>RFC 8446 §6.1: close_notify, so that the client can tell the end of a response from a cut.</summary>
    private static async Task SayGoodbyeAsync(SslStream tls)
    {
        try
        {
            await tls.ShutdownAsync().WaitAsync(GoodbyeTime);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException or TimeoutException)
        {
            // The client has gone, or takes nothing any more: there is nobody to tell.
        }
    }

    private async Task ReadAsync(ReadOnlyMemory<byte> received)
    {
        Exception? error = null;
        try
        {
            var open = received.IsEmpty || !(await _input.Writer.WriteAsync(received)).IsCompleted;
            while (open)
            {
                // An idle connection holds no buffer.
                _ = await _stream.ReadAsync(Memory<byte>.Empty, _stopped.Token);
                var count = await _stream.ReadAsync(_input.Writer.GetMemory(4096), _stopped.Token);
                _input.Writer.Advance(count);
                open = count > 0 && !(await _input.Writer.FlushAsync()).IsCompleted;
            }
        }
        catch (IOException e)
        {
            error = new ConnectionResetException(e.Message, e);
        }
        catch (Exception e)
        {
            // Disposed or cancelled by this side, or a fault of the stream: Kestrel hears of it from the pipe.
            error = new ConnectionAbortedException(e.Message, e);
        }

        await _input.Writer.CompleteAsync(error);
        await _closed.CancelAsync();
    }
}
