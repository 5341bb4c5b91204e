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
        "options", "match", "code", "as", "player", "spectator", "seq", "name", "to", "after", "skill", "entry", "remove", "if", "epoch", "offset", "auth", "subscribe", "unsubscribe", "publish", "history",
        "call", "ping", "room.create", "room.join", "room.leave", "room.send", "room.sync", "room.list", "match.join", "match.leave",
    ];

    public void Check(in ClientMessage message, Action<ReadOnlyMemory<byte>> check)
    {
        Promise.Holds(message.Error is ErrorCode.None or ErrorCode.InvalidMessage or ErrorCode.UnknownType, $"an error nobody expects: {message.Error}");
        Promise.Holds(message.Id.Text.Length <= WireLimits.IdBytes && message.Id.Number is >= 0 and <= WireLimits.MaxInteger, "an id over the limit");
        Promise.Holds(message.Error != ErrorCode.None || message.Key.Length <= WireLimits.KeyBytes, "a key over the limit");
        Promise.Holds(message.Error != ErrorCode.None || message.Entry.Length <= WireLimits.EntryBytes, "an entry over the limit");
        Promise.Holds(message.Last is null or (>= 0 and <= WireLimits.Messages) && message.Limit is null or (>= 0 and <= WireLimits.Messages), "a number over the limit");
        Promise.Holds(message.Recover is not { Offset: < 0 } && message.Since is not { Offset: < 0 } && message.If is not { Offset: < 0 }, "a negative offset");
        Check(new SubscribedMessage(message.Id, message.Topic) { Position = message.Recover, Recovered = message.Presence }, static (codec, output, reply) => codec.Write(output, reply), check);
        Check(new ErrorMessage(ErrorCode.InvalidTopic, message.Id) { Topic = message.Topic, Position = message.If }, static (codec, output, reply) => codec.Write(output, reply), check);
        if (message.HasData)
        {
            check(Push(message, Removal.None));
        }

        if (message.Error == ErrorCode.None)
        {
            CheckSequenced(message, check);
        }
    }

    /// <summary>What goes with sequenced topics. No data here: that of a request may have all the levels there are, and a history has two more.</summary>
    private void CheckSequenced(in ClientMessage message, Action<ReadOnlyMemory<byte>> check)
    {
        var removed = Push(message, message.Remove ? Removal.Removed : Removal.Expired);
        check(removed);
        if (message.Seq is null)
        {
            _output.ResetWrittenCount();
            Promise.Holds(codec.TryWriteWithOffset(_output, removed, WireLimits.MaxInteger), "a push that takes no offset");
            removed = _output.WrittenSpan.ToArray();
            check(removed);
        }

        var list = new PresenceList(WireLimits.MaxInteger, 1, [new PresenceMember(message.After), new PresenceMember(message.Entry)]);
        var history = new HistoryMessage(message.Id, message.Topic, new WirePosition(message.Topic, 1), [removed, removed], message.Reverse);
        Check(history, static (codec, output, reply) => codec.Write(output, reply), check);
        Check(new PresenceMessage(message.Id, message.Topic, list) { After = message.After }, static (codec, output, reply) => codec.Write(output, reply), check);
        Check(new MembersMessage(message.Topic, message.Reverse, list.Members!), static (codec, output, reply) => codec.Write(output, reply), check);
    }

    private byte[] Push(in ClientMessage message, Removal removed)
    {
        var push = new PushMessage(message.Topic.Span, message.Data.Span)
        {
            Offset = message.Seq,
            Entry = message.Entry.Span,
            Removed = removed,
            FromConnection = "c"u8,
            FromUser = message.Token.Span,
            Time = message.Timeout,
        };
        var measured = codec.MeasureMessage(push);
        var bytes = new byte[measured];
        Promise.Holds(codec.WriteMessage(bytes, push) == measured, "a push of another length than measured");
        return bytes;
    }

    private void Check<T>(T reply, Action<IWireCodec, ArrayBufferWriter<byte>, T> write, Action<ReadOnlyMemory<byte>> check)
    {
        _output.ResetWrittenCount();
        write(codec, _output, reply);
        check(_output.WrittenMemory);
    }
}
