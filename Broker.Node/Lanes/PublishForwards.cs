using System.Buffers.Binary;
using System.Security.Cryptography;
using Broker.Node.Delivery;
using Broker.Node.Sequenced;
using Broker.Node.Topics;
using Broker.Protocol.Wire;

namespace Broker.Node.Lanes;

/// <summary>A publish on a sequenced topic: what goes to the topic's owner, and what its end means to who asked.</summary>
internal static class PublishForwards
{
    /// <param name="command">Of a client, or of the application.</param>
    /// <param name="now">Milliseconds since the epoch.</param>
    public static Forward Of(PublishCommand command, long now)
    {
        if (command.IsOrder)
        {
            return new Forward(default, 0, command.Topic.ToArray()) { Kind = ForwardKind.Order, Payload = command.Data.ToArray(), Time = now };
        }

        return new Forward(default, 0, command.Topic.ToArray())
        {
            Kind = command.IsRemoval ? ForwardKind.Remove : ForwardKind.Publish,
            Payload = command.IsRaw ? command.Data.ToArray() : MessageOf(command),
            Format = command.Format,
            Time = now,
            Connection = command.Echo ? 0 : command.Publisher?.ConnectionId ?? 0,
            Subject = command.Entry.ToArray(),
            Key = command.Key,
            Digest = command.Key is null ? 0 : DigestOf(command),
            If = command.If,
        };
    }

    /// <summary>Answers who asked, and completes the command.</summary>
    public static void Finish(PublishCommand command, PublishEnd end, TopicPosition position, int copies, LaneReplies replies)
    {
        (command.Outcome, var error) = end switch
        {
            PublishEnd.Conflict => (PublishResult.Conflict, ErrorCode.Conflict),
            PublishEnd.Limited => (PublishResult.LimitExceeded, ErrorCode.LimitExceeded),
            PublishEnd.Timeout => (PublishResult.Timeout, ErrorCode.Timeout),
            PublishEnd.Unavailable => (PublishResult.Unavailable, ErrorCode.Unavailable),
            _ => (PublishResult.Published, ErrorCode.None),
        };
        if (command.Publisher is { } publisher)
        {
            if (error != ErrorCode.None)
            {
                replies.Error(publisher, command.Format, new ErrorMessage(error, command.Id) { Topic = command.TopicMemory, Position = error == ErrorCode.Conflict ? position.ToWire() : null });
            }
            else if (command.Id.IsPresent)
            {
                command.Format.Codec().Write(replies.Begin(), new PublishedMessage(command.Id, command.TopicMemory) { Position = position.ToWire(), Copies = copies });
                replies.Promise(publisher);
            }
        }

        if (command.Taken is { } taken && end is (PublishEnd.Published or PublishEnd.Conflict))
        {
            taken.Position = position;
        }

        command.Complete();
    }

    private static byte[] MessageOf(PublishCommand command)
    {
        var codec = command.Format.Codec();
        var push = new PushMessage(TopicName.Shown(command.Topic), command.Data)
        {
            FromConnection = command.FromConnection.Span,
            FromUser = command.FromUser.Span,
            FromInfo = command.FromInfo.Span,
            Time = command.Time,
            Entry = command.Entry.Span,
            Removed = command.IsRemoval ? Removal.Removed : Removal.None,
        };
        var payload = new byte[codec.MeasureMessage(push)];
        codec.WriteMessage(payload, push);
        return payload;
    }

    private static long DigestOf(PublishCommand command)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(command.Data);
        hash.AppendData([command.IsRemoval ? (byte)1 : (byte)0]);
        hash.AppendData(command.Entry.Span);
        return BinaryPrimitives.ReadInt64LittleEndian(hash.GetHashAndReset());
    }
}
