using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Net.Sockets;
using Broker.Node.Delivery;
using Broker.Node.Diagnostics;
using Broker.Node.Transports.Sessions;

namespace Broker.Node.Transports.Sse;

/// <summary>
/// A response that does not end, with an event for each message. What its pipe has not passed on is its client's lag: then nothing more is
/// taken. Written by the holder of the session's writer.
/// </summary>
internal sealed class SseOutlet(HttpSession session, PipeWriter body, Socket? socket, StreamPositions? positions) : ISessionOutlet
{
    private static readonly byte[] PingMessage = new byte[LengthFraming.Header];

    private MessageCutter _cutter;
    private bool _isFull;
    private Task _flushing = Task.CompletedTask;
    private long _drained;

    public ClientTransport Kind => ClientTransport.Sse;

    /// <summary>Proxies close what is silent for longer.</summary>
    public TimeSpan LongestSilence => TimeSpan.FromSeconds(15);

    public OutputProgress? Taken => OutputProgress.Of(socket);

    /// <summary>The session has ended with its last message, and the response may.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>Completes when all that was written has been passed on.</summary>
    public Task Flushed => _flushing;

    /// <summary>A client cannot answer: its machine does, by what it acknowledges. Where the kernel does not tell, only the end of the connection does.</summary>
    public bool IsHeard()
    {
        if (Taken is not { } taken)
        {
            return true;
        }

        return Interlocked.Exchange(ref _drained, taken.Drained) != taken.Drained || taken.IsEmpty;
    }

    /// <summary>An empty message is a comment.</summary>
    public void Ping() => session.Writer.Send(PingMessage);

    public int TrySend(EgressChunk chunk)
    {
        if (Volatile.Read(ref _isFull))
        {
            return 0;
        }

        var rest = chunk.Span;
        while (_cutter.TryCut(ref rest, out var message))
        {
            SseEvents.Write(body, message, positions is not null && positions.Saw(message) ? positions : null);
        }

        Volatile.Write(ref _isFull, true);
        var flush = body.FlushAsync();
        if (flush.IsCompletedSuccessfully)
        {
            OnFlushed(flush.Result);
        }
        else
        {
            _flushing = PumpWhenTakenAsync(flush, chunk.Length);
        }

        return chunk.Length;
    }

    public void End(bool isComplete) => IsComplete = isComplete;

    [SuppressMessage("Design", "CA1031", Justification = "However the response fails, its client has gone.")]
    private async Task PumpWhenTakenAsync(ValueTask<FlushResult> flush, int bytes)
    {
        session.Hold(bytes);
        try
        {
            OnFlushed(await flush);
            session.PumpSoon();
        }
        catch (Exception)
        {
            session.Abort();
        }
        finally
        {
            session.Hold(-bytes);
        }
    }

    private void OnFlushed(FlushResult result)
    {
        Volatile.Write(ref _isFull, false);
        if (result.IsCompleted || result.IsCanceled)
        {
            // The client has gone.
            session.Abort();
        }
    }
}
