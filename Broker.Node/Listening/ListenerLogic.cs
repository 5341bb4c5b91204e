using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Akka.Event;
using Akka.Streams.Stage;
using Broker.Node.Delivery;
using Broker.Node.Diagnostics;

namespace Broker.Node.Listening;

/// <summary>
/// States: accepting (one accept in flight), idle (no demand), pausing (accepting failed or descriptors are low, waiting for the
/// timer), unbinding.
/// What other threads bring lies in a queue of its own rather than in the asynchronous callback, because a stage that has
/// ended drops its callbacks, and a dropped socket would stay open.
/// </summary>
internal sealed class ListenerLogic : TimerGraphStageLogic
{
    private const string PauseTimer = "pause";
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    private readonly ListenerStage _stage;
    private readonly ConnectionOpener _opener;
    private readonly TaskCompletionSource<ListenerBinding> _bound;
    private readonly ConcurrentQueue<ListenerArrival> _arrivals = new();
    private readonly Queue<AcceptedConnection> _ready = new();
    private readonly Action _arrived;
    private Socket? _listening;
    private ListenerBinding? _binding;
    private bool _accepting;
    private bool _pausing;
    private bool _starved;
    private bool _unbinding;
    private int _handshakes;
    private int _failures;
    private int _stopped;

    public ListenerLogic(ListenerStage stage, TaskCompletionSource<ListenerBinding> bound) : base(stage.Shape)
    {
        _stage = stage;
        _opener = new ConnectionOpener(stage);
        _bound = bound;
        _arrived = GetAsyncCallback(OnArrivals);
        SetHandler(stage.Out, onPull: OnPull);
    }

    public override void PreStart()
    {
        try
        {
            _listening = ListeningSocket.Open(_stage.EndPoint);
        }
        catch (IOException e)
        {
            _bound.TrySetException(e);
            FailStage(e);
            return;
        }

        _binding = new ListenerBinding((IPEndPoint)_listening.LocalEndPoint!, GetAsyncCallback(Unbind));
        _bound.TrySetResult(_binding);
    }

    public override void PostStop()
    {
        Interlocked.Exchange(ref _stopped, 1);
        _listening?.Dispose();
        DiscardArrivals();
        while (_ready.TryDequeue(out var connection))
        {
            connection.Dispose();
        }

        _binding?.SetUnbound();
        _bound.TrySetException(new IOException($"the listener on {_stage.EndPoint} ended before it was bound"));
    }

    protected override void OnTimer(object timerKey)
    {
        _pausing = false;
        if (_starved && _stage.Descriptors.AreLow)
        {
            Pause(++_failures);
            return;
        }

        if (_starved)
        {
            // Not at the next accept: whoever asks whether the node is ready sends nobody before it is.
            _starved = false;
            _binding!.Accepting = true;
        }

        AcceptNext();
    }

    private void OnPull()
    {
        if (_ready.TryDequeue(out var connection))
        {
            Push(_stage.Out, connection);
        }

        AcceptNext();
        CompleteWhenDone();
    }

    private void AcceptNext()
    {
        if (!_accepting && !_pausing && !_unbinding && IsAvailable(_stage.Out))
        {
            _accepting = true;
            _ = AcceptAsync(_listening!);
        }
    }

    private async Task AcceptAsync(Socket listening)
    {
        ListenerArrival arrival;
        try
        {
            arrival = new ListenerArrival.Accepted(await _stage.Accept(listening));
        }
        catch (Exception e)
        {
            // Whatever it is, the listener reports it and goes on.
            arrival = new ListenerArrival.AcceptFailed(e);
        }

        Post(arrival);
    }

    private void Post(ListenerArrival arrival)
    {
        _arrivals.Enqueue(arrival);
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _stopped) == 0)
        {
            _arrived();
        }
        else
        {
            DiscardArrivals();
        }
    }

    private void DiscardArrivals()
    {
        while (_arrivals.TryDequeue(out var arrival))
        {
            (arrival switch
            {
                ListenerArrival.Accepted accepted => (IDisposable)accepted.Socket,
                ListenerArrival.Opened opened => opened.Connection,
                _ => null,
            })?.Dispose();
        }
    }

    private void OnArrivals()
    {
        while (_arrivals.TryDequeue(out var arrival))
        {
            OnArrival(arrival);
        }

        AcceptNext();
        CompleteWhenDone();
    }

    private void OnArrival(ListenerArrival arrival)
    {
        switch (arrival)
        {
            case ListenerArrival.Accepted accepted:
                _accepting = false;
                OnAccepted(accepted.Socket);
                break;
            case ListenerArrival.AcceptFailed failed:
                _accepting = false;
                OnAcceptFailed(failed.Error);
                break;
            case ListenerArrival.Opened opened:
                _handshakes--;
                Deliver(opened.Connection);
                break;
            case ListenerArrival.HandshakeFailed failed:
                _handshakes--;
                if (failed.Fault is { } fault)
                {
                    Log.Error(fault, "A connection to {0} could not be opened", _stage.EndPoint);
                }

                break;
        }
    }

    private void OnAccepted(Socket socket)
    {
        if (_stage.Descriptors.IsReserved(socket))
        {
            Starve(socket);
            return;
        }

        if (_failures > 1)
        {
            Log.Info("Accepting connections on {0} again after {1} errors", _stage.EndPoint, _failures);
        }

        _failures = 0;
        _binding!.Accepting = true;
        if (RemoteOf(socket) is { } remote)
        {
            Admit(socket, remote);
        }
        else
        {
            socket.Dispose();
        }
    }

    /// <summary>It took one of the last descriptors: it is told, and those behind it wait in the kernel until there are more.</summary>
    private void Starve(Socket socket)
    {
        _stage.Metrics.ConnectionRefused(AdmissionRefusal.Descriptors);
        if (RemoteOf(socket) is { } remote)
        {
            _stage.Refuse(new AcceptedConnection(socket, null, remote, tls: false, null), AdmissionRefusal.Descriptors);
        }
        else
        {
            socket.Dispose();
        }

        _starved = true;
        Fail("file descriptors are running out");
    }

    private void OnAcceptFailed(Exception error)
    {
        if (_unbinding)
        {
            return;
        }

        _starved = error is SocketException { SocketErrorCode: SocketError.TooManyOpenSockets };

        // The first failure is taken for one client's: it may have gone between its SYN and our accept.
        if (_failures == 0 && error is SocketException { SocketErrorCode: SocketError.ConnectionAborted or SocketError.ConnectionReset })
        {
            _failures++;
            return;
        }

        Fail(error.Message);
    }

    private void Fail(string why)
    {
        if (_binding!.Accepting)
        {
            _binding.Accepting = false;
            Log.Warning("Cannot accept connections on {0}: {1}. Trying again until it works", _stage.EndPoint, why);
        }

        Pause(++_failures);
    }

    private void Pause(int failures)
    {
        _pausing = true;
        ScheduleOnce(PauseTimer, PauseAfter(failures));
    }

    /// <summary>How long to wait after so many failures in a row.</summary>
    internal static TimeSpan PauseAfter(int failures)
    {
        var pause = FirstPause * (1 << Math.Min(failures - 1, 4));
        return pause < LongestPause ? pause : LongestPause;
    }

    private static IPEndPoint? RemoteOf(Socket socket)
    {
        try
        {
            return socket.RemoteEndPoint is not IPEndPoint remote ? null
                : remote.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(remote.Address.MapToIPv4(), remote.Port)
                : remote;
        }
        catch (SocketException)
        {
            // Reset before it was looked at.
            return null;
        }
    }

    private void Admit(Socket socket, IPEndPoint remote)
    {
        // A proxy's connections are its clients', which are not known yet.
        var counted = _stage.Proxies.Contains(remote.Address) ? null : remote.Address;
        var hasTls = _stage.Tls is not null;

        // A PROXY header is looked at before it is taken: that it lies there says nothing.
        Func<bool>? waits = _stage.Proxies.SendsHeader(remote.Address) ? null : () => IsUntouched(socket);
        var (lease, refusal) = _stage.Admission.Enter(counted, end => EndHandshake(socket, remote, end, hasTls), waits);
        if (lease is null)
        {
            _stage.Refuse(new AcceptedConnection(socket, null, remote, tls: false, lease), refusal);
        }
        else if (_opener.IsOpen(remote.Address))
        {
            Deliver(new AcceptedConnection(socket, null, remote, tls: false, lease));
        }
        else
        {
            _handshakes++;
            ThreadPool.UnsafeQueueUserWorkItem(_ => _ = OpenAsync(socket, remote, lease), null);
        }
    }

    private async Task OpenAsync(Socket socket, IPEndPoint remote, AdmissionLease lease) => Post(await _opener.OpenAsync(socket, remote, lease));

    /// <summary>Called by <see cref="Admission"/> on any thread. Whoever owns the connection sees its socket closed and disposes the rest.</summary>
    private void EndHandshake(Socket socket, IPEndPoint remote, HandshakeEnd end, bool tls)
    {
        if (end is HandshakeEnd.Evicted or HandshakeEnd.Behind)
        {
            _stage.ConnectionLog.Refused(remote.Address, AdmissionRefusal.Handshakes);
        }
        else
        {
            _stage.ConnectionLog.Refused(remote.Address, HandshakeRefusal.Timeout, "not finished in time");
        }

        if (end == HandshakeEnd.TimedOut && !tls)
        {
            // RFC 9110 §15.5.9.
            LingeringClose.TrySend(socket, RefusalResponse.RequestTimeout.Span);
        }

        else if (end == HandshakeEnd.Behind && !tls)
        {
            LingeringClose.TrySend(socket, RefusalResponse.Unavailable.Span);
            Discard(socket);
        }
        else
        {
            // Nobody is told anything: what the kernel still has is half a TLS handshake.
            Reset(socket);
        }

        socket.Dispose();
    }

    /// <summary>
    /// Whether the client has sent something and nobody here has read any of it. One whose request comes byte by byte has been read,
    /// though its last byte may not have been yet.
    /// </summary>
    private static bool IsUntouched(Socket socket) => IsUnread(socket) && OutputProgress.IsUntouched(socket);

    /// <summary>Whether the client has sent what nobody here has read.</summary>
    private static bool IsUnread(Socket socket)
    {
        try
        {
            return socket.Available > 0;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Gone: nobody waits.
            return false;
        }
    }

    /// <summary>Bytes that nobody has read would turn the close into a reset, which takes the answer with it.</summary>
    private static void Discard(Socket socket)
    {
        Span<byte> unread = stackalloc byte[1024];
        for (var i = 0; i < 16 && IsUnread(socket); i++)
        {
            try
            {
                socket.Receive(unread, SocketFlags.None, out _);
            }
            catch (ObjectDisposedException)
            {
                // Its owner was faster.
                return;
            }
        }
    }

    private static void Reset(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(true, 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The client has gone, or its owner was faster.
        }
    }

    private void Deliver(AcceptedConnection connection)
    {
        if (IsAvailable(_stage.Out))
        {
            Push(_stage.Out, connection);
        }
        else
        {
            _ready.Enqueue(connection);
        }
    }

    private void Unbind()
    {
        _unbinding = true;
        _listening!.Dispose();
        _binding!.SetUnbound();
        CompleteWhenDone();
    }

    private void CompleteWhenDone()
    {
        if (_unbinding && !_accepting && _handshakes == 0 && _ready.Count == 0)
        {
            CompleteStage();
        }
    }
}
