using System.Diagnostics.CodeAnalysis;
using System.Net.Security;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Event;
using Akka.Streams;
using Akka.Streams.Stage;
using Broker.Node.Delivery;
using Broker.Node.Listening;

namespace Broker.Node.Transports.WebSocket;

/// <summary>
/// Flow of framed bytes in, received bytes out, over a connection's socket or stream, which it owns.
/// </summary>
/// <remarks>
/// Writes are tried synchronously and fall back to an asynchronous completion when the kernel buffer is full; one write is
/// in flight at a time. A connection that waits to read holds no buffer: a zero-byte read waits, then a buffer is rented.
/// Ends: upstream completes → the last bytes go out, FIN, then up to 2 s of reading into the void so that no reset eats
/// them, and a reset for who has not ended by then; peer's FIN → the flow completes, with a reset where the peer is behind; broken
/// or aborted → reset. Downstream cancels with a hand-over set: the
/// connection goes on to ASP.NET Core, untouched. Whatever the end, PostStop takes the writer before it disposes anything.
/// </remarks>
internal sealed class SocketStage(IHttpFrontDoor frontDoor) : GraphStage<FlowShape<EgressChunk, ReceivedBytes>>
{
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(2);

    private readonly IHttpFrontDoor _frontDoor = frontDoor;
    private readonly Inlet<EgressChunk> _in = new("Socket.in");
    private readonly Outlet<ReceivedBytes> _out = new("Socket.out");

    public override FlowShape<EgressChunk, ReceivedBytes> Shape => new(_in, _out);

    protected override GraphStageLogic CreateLogic(Attributes inheritedAttributes) =>
        new Logic(this, inheritedAttributes.Connection());

    [SuppressMessage("Reliability", "CA2012", Justification = "One operation is in flight at a time; its task is kept for the callback that consumes it.")]
    private sealed class Logic : InAndOutGraphStageLogic
    {
        private readonly SocketStage _stage;
        private readonly ClientConnection _connection;
        private readonly Socket? _socket;
        private readonly Stream? _stream;
        private readonly ReceivedBytes _received = new();
        private readonly Action _called;
        private Action? _writeCompleted;
        private ValueTask<int> _read;
        private ValueTask _write;
        private ValueTask<int> _send;
        private bool _waiting;
        private bool _streamReading;
        private bool _readFilled;
        private bool _lingering;
        private ICancelable? _linger;
        private bool _aborted;
        private int _discarded;
        private bool _reset;

        public Logic(SocketStage stage, ClientConnection connection)
            : base(stage.Shape)
        {
            _stage = stage;
            _connection = connection;
            _socket = connection.Transport.Socket;
            _stream = connection.Transport.Stream;
            _called = GetAsyncCallback(OnCalled);
            SetHandler(stage._in, this);
            SetHandler(stage._out, this);
        }

        public override void PreStart()
        {
            _connection.State.OnAbort(CallToAbort);
            try
            {
                _socket?.Blocking = false;
                Pull(_stage._in);
            }
            catch (ObjectDisposedException)
            {
                // Admission has dropped it already.
                CompleteStage();
            }
        }

        public override void PostStop()
        {
            _connection.Writer.Stop();
            _linger?.Cancel();
            if (_connection.State.HandedOver is { } received)
            {
                _received.Release();
                _stage._frontDoor.Offer(_connection.Transport, received);
            }
            else
            {
                if (_reset)
                {
                    _connection.Transport.Reset();
                }
                else
                {
                    _connection.Transport.Dispose();
                }

                // A read still under way owns its array until it has failed; the collector takes it then.
                if (!_waiting)
                {
                    _received.Release();
                }
            }

            _connection.End();
        }

        public override void OnPush() => Write();

        public override void OnUpstreamFinish() => FinishWriting();

        public override void OnPull() => Read();

        public override void OnDownstreamFinish(Exception cause)
        {
            if (!_lingering)
            {
                CompleteStage();
            }
        }

        /// <summary>Any thread.</summary>
        private void CallToAbort()
        {
            Volatile.Write(ref _aborted, true);
            _called();
        }

        /// <summary>One callback for everything that comes from outside: each costs 340 bytes for as long as the connection lives.</summary>
        private void OnCalled()
        {
            if (Volatile.Read(ref _aborted))
            {
                _connection.LastWords();
                Abort();
            }
            else if (_waiting && _read.IsCompleted)
            {
                OnReadCompleted();
            }
        }

        private void Abort()
        {
            _reset = true;
            CompleteStage();
        }

        // Reading

        /// <summary>Whole buffers are read while the kernel has them; then the buffer goes back and a zero-byte read waits.</summary>
        private void Read()
        {
            if (_waiting)
            {
                return;
            }

            try
            {
                if (_readFilled && TryReceive())
                {
                    return;
                }

                _received.Release();
                WaitReadable();
            }
            catch (Exception e) when (IsConnectionError(e))
            {
                Abort();
            }
        }

        private void WaitReadable()
        {
            _read = _socket is not null
                ? _socket.ReceiveAsync(Memory<byte>.Empty, SocketFlags.None)
                : _stream!.ReadAsync(Memory<byte>.Empty);
            _waiting = true;
            if (_read.IsCompleted)
            {
                // Not here: a peer that sends without pause must not keep the interpreter in one event.
                _called();
            }
            else
            {
                _read.GetAwaiter().UnsafeOnCompleted(_called);
            }
        }

        private void OnReadCompleted()
        {
            try
            {
                var count = _read.GetAwaiter().GetResult();
                if (_socket is not null)
                {
                    _waiting = false;
                    if (!TryReceive())
                    {
                        WaitReadable();
                    }
                }
                else if (_streamReading)
                {
                    _waiting = false;
                    _streamReading = false;
                    OnReceived(count);
                }
                else
                {
                    _streamReading = true;
                    _read = _stream!.ReadAsync(_received.Rent());
                    if (_read.IsCompleted)
                    {
                        OnReadCompleted();
                    }
                    else
                    {
                        _read.GetAwaiter().UnsafeOnCompleted(_called);
                    }
                }
            }
            catch (Exception e) when (IsConnectionError(e))
            {
                _waiting = false;
                Abort();
            }
        }

        private bool TryReceive()
        {
            var buffer = _received.Rent();
            var count = _socket!.Receive(buffer.Span, SocketFlags.None, out var error);
            _readFilled = count == buffer.Length;
            if (error == SocketError.WouldBlock)
            {
                _received.Release();
                return false;
            }

            if (error != SocketError.Success)
            {
                throw new SocketException((int)error);
            }

            OnReceived(count);
            return true;
        }

        private void OnReceived(int count)
        {
            if (count == 0)
            {
                if (!_lingering && _connection.IsBehind)
                {
                    // It sends nothing more and has not read what there was: what the kernel has would wait there for it.
                    _reset = true;
                }

                CompleteStage();
            }
            else if (_lingering)
            {
                // One read an event: a peer that sends without pause would keep this stage, and the linger timer, busy for good.
                _received.Release();
                _discarded += count;
                if (_connection.Request is null && _discarded > LingeringClose.MaxDiscarded)
                {
                    // A request that was refused: who still sends does not read the answer either.
                    CompleteStage();
                    return;
                }

                WaitReadable();
            }
            else
            {
                _received.Set(count);
                Push(_stage._out, _received);
            }
        }

        // Writing

        private void Write()
        {
            var chunk = Grab(_stage._in);
            try
            {
                if (_socket is not null)
                {
                    var sent = _socket.Send(chunk.Span, SocketFlags.None, out var error);
                    if (error is not (SocketError.Success or SocketError.WouldBlock))
                    {
                        throw new SocketException((int)error);
                    }

                    chunk.Advance(Math.Max(0, sent));
                }

                if (chunk.Length == 0)
                {
                    OnWritten();
                }
                else
                {
                    _connection.Writer.KeepChunk();
                    WriteAsync(chunk);
                }
            }
            catch (Exception e) when (IsConnectionError(e))
            {
                Abort();
            }
        }

        private void WriteAsync(EgressChunk chunk)
        {
            _writeCompleted ??= GetAsyncCallback(OnWriteCompleted);
            if (_socket is not null)
            {
                _send = _socket.SendAsync(chunk.Memory, SocketFlags.None);
                if (!_send.IsCompleted)
                {
                    _connection.Behind();
                    _send.GetAwaiter().UnsafeOnCompleted(_writeCompleted);
                    return;
                }
            }
            else
            {
                // A drainer may have begun it.
                _write = chunk.Pending is { } pending ? new ValueTask(pending) : _stream!.WriteAsync(chunk.Memory);
                if (!_write.IsCompleted)
                {
                    _connection.Behind();
                    _write.GetAwaiter().UnsafeOnCompleted(_writeCompleted);
                    return;
                }
            }

            OnWriteCompleted();
        }

        private void OnWriteCompleted()
        {
            var chunk = _connection.Writer.Chunk;
            try
            {
                if (_socket is null)
                {
                    _write.GetAwaiter().GetResult();
                    chunk.Advance(chunk.Length);
                }
                else
                {
                    chunk.Advance(_send.GetAwaiter().GetResult());
                }

                if (chunk.Length > 0)
                {
                    WriteAsync(chunk);
                }
                else
                {
                    OnWritten();
                }
            }
            catch (Exception e) when (IsConnectionError(e))
            {
                Abort();
            }
        }

        private void OnWritten()
        {
            _connection.Writer.Written();
            if (IsClosed(_stage._in))
            {
                ShutDown();
            }
            else
            {
                Pull(_stage._in);
            }
        }

        /// <summary>Nothing follows what has been pushed; a write may still be in flight and shuts down when it ends.</summary>
        private void FinishWriting()
        {
            _lingering = true;
            SetKeepGoing(true);
            _linger = Materializer.ScheduleOnce(Linger, GetAsyncCallback(Abort));
            Complete(_stage._out);
            if (_connection.Writer.Chunk.Length == 0)
            {
                ShutDown();
            }
        }

        private void ShutDown()
        {
            if (_socket is not null)
            {
                if (!TryShutDown())
                {
                    return;
                }
            }
            else if (EndOutputAsync() is { } ending)
            {
                ending.ContinueWith(
                    static (task, log) => ((ILoggingAdapter)log!).Debug("Shutdown of a stream: {0}", task.Exception!.InnerException!.Message),
                    Log,
                    CancellationToken.None,
                    TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
                    TaskScheduler.Default);
            }
            else
            {
                // Kestrel sends the rest and closes.
                CompleteStage();
                return;
            }

            Read();
        }

        private Task? EndOutputAsync() => _stream is SslStream tls ? tls.ShutdownAsync() : _connection.Transport.EndOutput?.Invoke();

        private bool TryShutDown()
        {
            try
            {
                _socket!.Shutdown(SocketShutdown.Send);
                return true;
            }
            catch (Exception e) when (IsConnectionError(e))
            {
                // The peer has gone already.
                Abort();
                return false;
            }
        }

        private static bool IsConnectionError(Exception e) =>
            e is SocketException or IOException or ObjectDisposedException or OperationCanceledException;
    }
}
