using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Unicode;
using Broker.Tests.Support;

namespace Broker.Tests.Conformance;

/// <summary>An echo server of one connection after the other that does one thing wrong, or nothing. It shares no code with the product.</summary>
internal sealed class FakePeer : IAsyncDisposable
{
    private const string Parameters = "permessage-deflate; server_no_context_takeover";
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly CancellationTokenSource _ignored = new();
    private readonly Misbehaviour _wrong;
    private readonly Task _running;
    private NetworkStream _stream = null!;
    private RawInflater? _inflater;
    private RawDeflater? _deflater;
    private MemoryStream _message = new();
    private List<byte[]> _latePongs = [];
    private int _open;
    private bool _compressed;

    public FakePeer(Misbehaviour wrong)
    {
        _wrong = wrong;
        _listener.Start();
        _running = RunAsync();
    }

    /// <summary>Ends when the peer has read what it should have answered, and will not: nobody needs to wait for it.</summary>
    public CancellationToken Ignored => _ignored.Token;

    public Task<RawWebSocket> ConnectAsync((string Name, string Value)[] headers, CancellationToken cancellation) =>
        RawWebSocket.ConnectAsync("127.0.0.1", ((IPEndPoint)_listener.LocalEndpoint).Port, headers: headers, cancellation: cancellation);

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _running;
        _listener.Dispose();
        _end.Dispose();
        _ignored.Dispose();
        _message.Dispose();
        _inflater?.Dispose();
        _deflater?.Dispose();
    }

    private bool Is(Misbehaviour what) => _wrong == what;

    private async Task RunAsync()
    {
        try
        {
            while (true)
            {
                using var client = await _listener.AcceptTcpClientAsync(_end.Token);
                client.NoDelay = true;
                _stream = client.GetStream();
                (_open, _latePongs, _message) = (0, [], new MemoryStream());
                try
                {
                    await ServeAsync();
                }
                catch (Exception error) when (error is IOException or EndOfStreamException)
                {
                    // The tester has ended it.
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Disposed of.
        }
    }

    private async Task ServeAsync()
    {
        var offer = (await ReadHeadAsync()).FirstOrDefault(static line => line.StartsWith("Sec-WebSocket-Extensions:", StringComparison.Ordinal));
        if (Is(Misbehaviour.RefusesTheUpgrade))
        {
            await WriteAsync("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"u8.ToArray());
            return;
        }

        var answer = Is(Misbehaviour.AnswersAnExtensionNobodyOffered) ? "permessage-deflate"
            : offer is null || Is(Misbehaviour.DeclinesCompression) ? null
            : Is(Misbehaviour.LeavesOutWhatItMustAnswer) ? "permessage-deflate" : Parameters;
        if (answer is not null)
        {
            _inflater = new RawInflater();
            _deflater = new RawDeflater(takeover: Is(Misbehaviour.TakesOverContextAgainstTheAnswer));
        }

        await WriteAsync(Encoding.ASCII.GetBytes(
            $"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n{(answer is null ? "" : $"Sec-WebSocket-Extensions: {answer}\r\n")}\r\n"));
        if (Is(Misbehaviour.ClosesByItself))
        {
            await EndAsync(1000);
            return;
        }

        while (await TakeFrameAsync())
        {
        }
    }

    private async Task<bool> TakeFrameAsync()
    {
        var head = await ReadAsync(2);
        var (fin, rsv, opcode) = ((head[0] & 0x80) != 0, (head[0] >> 4) & 7, head[0] & 15);
        var length = (head[1] & 0x7F) switch
        {
            126 => await ReadNumberAsync(2),
            127 => await ReadNumberAsync(8),
            var small => small,
        };
        var mask = await ReadAsync(4);
        var payload = await ReadAsync(length);
        for (var i = 0; i < payload.Length; i++)
        {
            payload[i] ^= mask[i % 4];
        }

        if ((rsv != 0 && !(rsv == 4 && _inflater is not null && opcode is 1 or 2) && !Is(Misbehaviour.TakesReservedBits))
            || (opcode is not (<= 2 or >= 8 and <= 10) && !Is(Misbehaviour.TakesReservedOpcodes))
            || (opcode >= 8 && !fin && !Is(Misbehaviour.TakesFragmentedControls))
            || (opcode >= 8 && payload.Length > 125 && !Is(Misbehaviour.TakesLongPings)))
        {
            return await FailAsync(1002);
        }

        return opcode switch
        {
            <= 2 => await TakeDataAsync(opcode, payload, fin, rsv == 4 && _inflater is not null),
            8 => await TakeCloseAsync(payload),
            9 => await TakePingAsync(payload),
            10 => !Is(Misbehaviour.AnswersPongs) || await SendAsync(10, payload),
            _ => Ignore(),
        };
    }

    private async Task<bool> TakeDataAsync(int opcode, byte[] payload, bool fin, bool compressed)
    {
        if (opcode == 0 && _open == 0)
        {
            return Is(Misbehaviour.TakesContinuationsOfNothing) || await FailAsync(1002);
        }

        if (opcode != 0 && _open != 0 && !Is(Misbehaviour.TakesMessagesInsideMessages))
        {
            return await FailAsync(1002);
        }

        if (opcode != 0)
        {
            (_open, _compressed) = (opcode, compressed);
        }

        _message.Write(payload);
        var isWrong = _open == 1 && !_compressed && !IsBeginning(_message.ToArray(), fin);
        if (isWrong && !Is(Misbehaviour.TakesInvalidText) && (fin || !Is(Misbehaviour.ChecksTextAtItsEnd)))
        {
            return await FailAsync(1007);
        }

        return fin ? await EchoAsync() : !isWrong || Ignore();
    }

    private async Task<bool> EchoAsync()
    {
        var (kind, payload) = (_open, _compressed ? _inflater!.Inflate(_message.ToArray()) : _message.ToArray());
        (_open, _message) = (0, new MemoryStream());
        kind = Is(Misbehaviour.SwapsTextAndBinary) ? 3 - kind : kind;
        payload = Is(Misbehaviour.CutsMessages) && payload.Length > 0 ? payload[..^1] : payload;
        if (Is(Misbehaviour.ChangesAByte) && payload.Length > 0)
        {
            payload[^1] ^= 1;
        }

        if (Is(Misbehaviour.ForgetsMessages))
        {
            return Ignore();
        }

        for (var times = Is(Misbehaviour.EchoesTwice) ? 2 : 1; times > 0; times--)
        {
            await SendMessageAsync(kind, payload);
        }

        foreach (var pong in _latePongs)
        {
            await SendAsync(10, pong);
        }

        _latePongs = [];
        return true;
    }

    private Task<bool> SendMessageAsync(int kind, byte[] payload)
    {
        var rsv = _deflater is not null || Is(Misbehaviour.CompressesWithoutAnExtension) ? 4 : Is(Misbehaviour.SetsReservedBits) ? 2 : 0;
        return SendAsync(kind, Is(Misbehaviour.CompressesGarbage) ? [0xFF, 1, 2, 3] : _deflater?.Compress(payload) ?? payload, rsv: rsv);
    }

    private async Task<bool> TakePingAsync(byte[] payload)
    {
        if (Is(Misbehaviour.PongsLate) && _open != 0)
        {
            _latePongs.Add(payload);
            return true;
        }

        return await SendAsync(10, Is(Misbehaviour.PongsEmpty) ? [] : payload, fin: !Is(Misbehaviour.FragmentsPongs));
    }

    private async Task<bool> TakeCloseAsync(byte[] payload)
    {
        if (Is(Misbehaviour.NeverAnswersAClose))
        {
            return Ignore();
        }

        if (Is(Misbehaviour.EndsWithoutAClose))
        {
            return false;
        }

        var code = payload.Length < 2 ? 1005 : (payload[0] << 8) | payload[1];
        if (payload.Length == 1 && !Is(Misbehaviour.TakesShortCloses))
        {
            return await FailAsync(1002);
        }

        var allowed = code is >= 1000 and <= 1003 or 1005 or >= 1007 and <= 1014 or >= 3000 and <= 4999 && payload.Length != 1;
        if (payload.Length > 1 && (!allowed || code == 1005) && !Is(Misbehaviour.TakesForbiddenCloseCodes))
        {
            return await FailAsync(1002);
        }

        if (payload.Length > 2 && !Utf8.IsValid(payload.AsSpan(2)))
        {
            return await FailAsync(1007);
        }

        await EndAsync(Is(Misbehaviour.AnswersAnotherCloseCode) ? 1001 : Is(Misbehaviour.TakesForbiddenCloseCodes) ? 1000 : code);
        return false;
    }

    private async Task<bool> FailAsync(int code)
    {
        if (!Is(Misbehaviour.FailsWithoutAClose))
        {
            await EndAsync(Is(Misbehaviour.FailsWithAnotherCode) ? 1011 : Is(Misbehaviour.FailsWithoutACode) ? 1005 : code);
            return false;
        }

        _stream.Socket.Shutdown(SocketShutdown.Send);
        await DrainAsync();
        return false;
    }

    // The close frame, and then the end once the tester has ended its side: what it still sends must not make a reset of it.
    private async Task EndAsync(int code)
    {
        await SendAsync(8, code == 1005 ? [] : [(byte)(code >> 8), (byte)code]);
        if (Is(Misbehaviour.GoesOnAfterTheClose))
        {
            await SendAsync(10, []);
        }

        if (Is(Misbehaviour.NeverEndsTheConnection))
        {
            Ignore();
        }
        else
        {
            _stream.Socket.Shutdown(SocketShutdown.Send);
        }

        await DrainAsync();
    }

    private async Task DrainAsync()
    {
        var waste = new byte[4096];
        while (await _stream.ReadAsync(waste, _end.Token) > 0)
        {
        }
    }

    private bool Ignore()
    {
        _ignored.Cancel();
        return true;
    }

    private async Task<bool> SendAsync(int opcode, byte[] payload, bool fin = true, int rsv = 0)
    {
        int? lengthBytes = Is(Misbehaviour.WritesLongLengths) ? 8 : null;
        if (Is(Misbehaviour.SendsNonsenseBetween))
        {
            await WriteAsync(TestFrame.Build(3, [], masked: false));
        }

        await WriteAsync(TestFrame.Build(opcode, payload, fin, rsv, masked: Is(Misbehaviour.MasksItsFrames), lengthBytes: lengthBytes));
        return true;
    }

    private async Task WriteAsync(byte[] bytes) => await _stream.WriteAsync(bytes, _end.Token);

    private async Task<byte[]> ReadAsync(int count)
    {
        var bytes = new byte[count];
        await _stream.ReadExactlyAsync(bytes, _end.Token);
        return bytes;
    }

    private async Task<int> ReadNumberAsync(int count) => (await ReadAsync(count)).Aggregate(0, static (number, next) => (number << 8) | next);

    private async Task<string[]> ReadHeadAsync()
    {
        var head = new StringBuilder();
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            head.Append((char)(await ReadAsync(1))[0]);
        }

        return head.ToString().Split("\r\n");
    }

    // Strict where it cuts a code point: what is there must be the beginning of one.
    private static bool IsBeginning(byte[] text, bool whole) =>
        Utf8.IsValid(text) || (!whole && Enumerable.Range(1, 3).Any(cut => cut <= text.Length && Utf8.IsValid(text.AsSpan(0, text.Length - cut)) && Completes(text.AsSpan(text.Length - cut))));

    private static bool Completes(ReadOnlySpan<byte> start)
    {
        foreach (var next in new byte[] { 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF })
        {
            if (start.Length < 4 && (Utf8.IsValid([.. start, next]) || Completes([.. start, next])))
            {
                return true;
            }
        }

        return false;
    }
}
