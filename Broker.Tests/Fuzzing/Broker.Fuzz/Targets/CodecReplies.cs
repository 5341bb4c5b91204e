using System.Buffers;
using Broker.Fuzz.Engine;
using Broker.Protocol.Wire;

namespace Broker.Fuzz.Targets;

/// <summary>Writes what a request held into everything the server answers, and has each checked.</summary>
internal sealed class CodecReplies(IWireCodec codec)
{
    private readonly ArrayBufferWriter<byte> _output = new();

    /// <summary>Every key and type of a request.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "type", "id", "topic", "data", "key", "token", "echo", "recover", "last", "presence", "since", "limit", "reverse", "method", "timeout", "kind", "room",
        "options", "match", "code", "as", "player", "spectator", "seq", "name", "to", "after", "skill", "epoch", "offset", "auth", "subscribe", "unsubscribe", "publish", "history",
        "call", "ping", "room.create", "room.join", "room.leave", "room.send", "room.sync", "room.list", "match.join", "match.leave",
    ];

    public void Check(in ClientMessage message, Action<ReadOnlyMemory<byte>> check)
    {
        Promise.Holds(message.Error is ErrorCode.None or ErrorCode.InvalidMessage or ErrorCode.UnknownType, $"an error nobody expects: {message.Error}");
        Promise.Holds(message.Id.Text.Length <= WireLimits.IdBytes && message.Id.Number is >= 0 and <= WireLimits.MaxInteger, "an id over the limit");
        Promise.Holds(message.Error != ErrorCode.None || message.Key.Length <= WireLimits.KeyBytes, "a key over the limit");
        Promise.Holds(message.Last is null or (>= 0 and <= WireLimits.Messages) && message.Limit is null or (>= 0 and <= WireLimits.Messages), "a number over the limit");
        Promise.Holds(message.Recover is not { Offset: < 0 } && message.Since is not { Offset: < 0 }, "a negative offset");
        Write(new SubscribedMessage(message.Id, message.Topic) { Position = message.Recover, Recovered = message.Presence }, check);
        Write(new ErrorMessage(ErrorCode.InvalidTopic, message.Id) { Topic = message.Topic }, check);
        if (message.HasData)
        {
            CheckPush(message, check);
        }
    }

    private void CheckPush(in ClientMessage message, Action<ReadOnlyMemory<byte>> check)
    {
        var push = new PushMessage(message.Topic.Span, message.Data.Span)
        {
            Offset = message.Seq,
            FromConnection = "c"u8,
            FromUser = message.Token.Span,
            Time = message.Timeout,
        };
        var measured = codec.MeasureMessage(push);
        var bytes = new byte[measured];
        Promise.Holds(codec.WriteMessage(bytes, push) == measured, "a push of another length than measured");
        check(bytes);
    }

    private void Write(in SubscribedMessage message, Action<ReadOnlyMemory<byte>> check)
    {
        _output.ResetWrittenCount();
        codec.Write(_output, message);
        check(_output.WrittenMemory);
    }

    private void Write(in ErrorMessage message, Action<ReadOnlyMemory<byte>> check)
    {
        _output.ResetWrittenCount();
        codec.Write(_output, message);
        check(_output.WrittenMemory);
    }
}
