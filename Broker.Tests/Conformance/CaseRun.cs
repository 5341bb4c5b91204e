using System.Text;
using Broker.Tests.Support;
using Xunit.Sdk;

namespace Broker.Tests.Conformance;

/// <summary>Plays one case against a server that echoes messages, over one connection of its own.</summary>
internal sealed class CaseRun : IDisposable
{
    private const int TraceLines = 40;
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _happened = new(0);
    private readonly List<string> _trace = [];
    private readonly List<PeerEvent> _events = [];
    private readonly Script _script;
    private readonly Patience _patience;
    private readonly RawWebSocket _socket;
    private readonly PeerStream _peer;
    private readonly RawDeflater? _deflater;
    private string? _fault;
    private RawMessage? _end;
    private volatile bool _closeSent;
    private bool _closedFirst;
    private volatile bool _over;

    private CaseRun(Script script, RawWebSocket socket, DeflateAgreement? agreement, Patience patience)
    {
        _script = script;
        _socket = socket;
        _patience = patience;
        _peer = new PeerStream(agreement);
        _deflater = agreement is null ? null : new RawDeflater(takeover: !agreement.ClientAnew, stored: agreement.ClientBits is < 15);
    }

    /// <param name="what">The case.</param>
    /// <param name="connect">Asks for the upgrade with these headers.</param>
    /// <param name="patience">For peers that do nothing.</param>
    public static async Task<CaseResult> PlayAsync(ConformanceCase what, Func<(string, string)[], Task<RawWebSocket>> connect, Patience patience)
    {
        await using var socket = await connect(what.Offer is null ? [] : [("Sec-WebSocket-Extensions", what.Offer)]);
        var answer = socket.Header("Sec-WebSocket-Extensions");
        var start = $"{what}\noffered: {what.Offer ?? "nothing"}\nanswered: {socket.Status}, {answer ?? "no extension"}\n";
        if (!socket.IsOpen)
        {
            return new CaseResult(Verdict.Failed, "the upgrade was refused", start);
        }

        if (DeflateAgreement.Read(what.Offer, answer, out var agreement) is { } wrong)
        {
            return new CaseResult(Verdict.Failed, wrong, start);
        }

        var declined = what.Offer is not null && agreement is null;
        using var run = new CaseRun(declined ? Script.Echo([]) : what.Script(), socket, agreement, patience);
        var (verdict, reason) = await run.PlayAsync();
        (verdict, reason) = declined && verdict == Verdict.Ok ? (Verdict.Unimplemented, "the extension was declined") : (verdict, reason);
        return new CaseResult(verdict, reason, start + run.Trace());
    }

    public void Dispose()
    {
        _peer.Dispose();
        _deflater?.Dispose();
        _happened.Dispose();
    }

    private async Task<(Verdict, string)> PlayAsync()
    {
        await Task.WhenAll(SendAsync(), ReceiveAsync());
        return Judge.Decide(_script, new Observation(_events, _fault, _peer.Close, _closedFirst, _end));
    }

    private async Task SendAsync()
    {
        try
        {
            foreach (var step in _script.Steps)
            {
                await DoAsync(step);
            }

            if (_script.Ending.Sends)
            {
                await HaveHappenedAsync(_script.Events.Count, _patience.Case);
                await CloseAsync();
            }
            else if (!_closeSent)
            {
                await HaveHappenedAsync(int.MaxValue, _patience.Case);
                await CloseAsync();
            }
        }
        catch (IOException error)
        {
            Note($"-- no more can be sent: {error.Message}");
        }
        catch (OperationCanceledException)
        {
            Note("-- time is up");
        }
    }

    private async Task DoAsync(Step step)
    {
        switch (step)
        {
            case Step.Bytes bytes:
                Note($"-> {bytes.What}{(bytes.Chop < bytes.Data.Length ? $", in pieces of {bytes.Chop}" : "")}");
                _closeSent |= bytes.Closes;
                await _socket.SendBytesAsync(bytes.Data, bytes.Chop, _patience.Case);
                break;
            case Step.Message message:
                await SendMessageAsync(message);
                break;
            case Step.Await { Events: var count }:
                await HaveHappenedAsync(count, _patience.Case);
                break;
            case Step.AwaitFailure:
                await AwaitFailureAsync();
                break;
        }
    }

    private async Task SendMessageAsync(Step.Message message)
    {
        var payload = _deflater?.Compress(message.Payload) ?? message.Payload;
        Note($"-> opcode {message.Opcode}, {message.Payload.Length} bytes {Step.Start(message.Payload)}{(_deflater is null ? "" : $", {payload.Length} compressed")}{(message.Fragment < payload.Length ? $", in frames of {message.Fragment}" : "")}");
        using var frames = new MemoryStream();
        var at = 0;
        do
        {
            var part = payload.AsSpan(at, Math.Min(message.Fragment, payload.Length - at));
            frames.Write(TestFrame.Build(at == 0 ? message.Opcode : 0, part, at + part.Length == payload.Length, at == 0 && _deflater is not null ? 4 : 0));
            at += part.Length;
        }
        while (at < payload.Length);
        await _socket.SendBytesAsync(frames.ToArray(), cancellation: _patience.Case);
    }

    private async Task AwaitFailureAsync()
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(_patience.Failure(), _patience.Case);
        try
        {
            await HaveHappenedAsync(int.MaxValue, either.Token);
        }
        catch (OperationCanceledException) when (!_patience.Case.IsCancellationRequested)
        {
            Happened(PeerEvent.WentOn);
        }
    }

    private async Task HaveHappenedAsync(int count, CancellationToken cancellation)
    {
        while (!_over && Count() < count)
        {
            await _happened.WaitAsync(cancellation);
        }
    }

    private Task CloseAsync()
    {
        if (_closeSent)
        {
            return Task.CompletedTask;
        }

        _closeSent = true;
        var code = _peer.Close?.Payload[..Math.Min(2, _peer.Close.Payload.Length)] ?? [3, 232];
        Note($"-> close {Convert.ToHexString(code)}");
        return _socket.SendFrameAsync(8, code, cancellation: _patience.Case);
    }

    private async Task ReceiveAsync()
    {
        try
        {
            while (_fault is null)
            {
                var frame = await _socket.ReceiveAsync(_patience.Case);
                if (frame.IsEnd)
                {
                    Note($"<- {frame}");
                    _end = frame;
                    break;
                }

                Take(frame);
            }
        }
        catch (OperationCanceledException)
        {
            Note("<- nothing more, and time is up");
        }
        catch (XunitException error)
        {
            _fault = error.Message;
        }
        finally
        {
            _over = true;
            _happened.Release();
        }
    }

    private void Take(RawMessage frame)
    {
        Note($"<- opcode {frame.Opcode}{(frame.Fin ? "" : " without FIN")}{(frame.Rsv == 0 ? "" : $" RSV {frame.Rsv}")}, {frame.Payload.Length} bytes {Step.Start(frame.Payload)}");
        _closedFirst |= frame.IsClose && !_closeSent;
        _fault = _peer.Take(frame, out var happened);
        if (happened is not null)
        {
            Happened(happened);
        }
        else if (frame.IsClose)
        {
            _over = true;
            _happened.Release();
        }
    }

    private void Happened(PeerEvent what)
    {
        lock (_lock)
        {
            _events.Add(what);

            // Nothing is worth waiting for behind what must not have happened.
            _over |= !Begins(_script.Events, _events) && !(_script.Tolerated is { } tolerated && Begins(tolerated, _events));
        }

        _happened.Release();
    }

    private static bool Begins(IReadOnlyList<PeerEvent> whole, List<PeerEvent> part) => part.Count <= whole.Count && whole[part.Count - 1] == part[^1];

    private int Count()
    {
        lock (_lock)
        {
            return _events.Count;
        }
    }

    private void Note(string line)
    {
        lock (_lock)
        {
            _trace.Add(line);
            if (_trace.Count > TraceLines)
            {
                // The beginning and the end tell most.
                _trace.RemoveAt(TraceLines / 2);
                _trace[TraceLines / 2] = "...";
            }
        }
    }

    private string Trace()
    {
        var text = new StringBuilder();
        foreach (var line in _trace)
        {
            text.AppendLine(line);
        }

        return text.Append($"compressed messages received: {_peer.Compressed}").ToString();
    }
}
