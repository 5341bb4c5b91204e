using System.Buffers;
using System.Text;
using Broker.Node.Auth;
using Broker.Node.Configuration.Options;
using Broker.Node.Lanes;
using Broker.Node.Sequenced;
using Broker.Node.Topics;
using Broker.Protocol.Wire;

namespace Broker.Node.Hosting.Application;

/// <summary>What the application publishes: it goes through the same codec and lanes as what clients send.</summary>
internal sealed class ApplicationPublishes(BrokerOptions options, TopicRules topics, SystemModule system, LanesModule lanes)
{
    /// <summary>Publications in one call.</summary>
    public const int MaxBatch = 16384;

    /// <summary>Bytes that a thread keeps for checking what is published.</summary>
    private const int LargestKept = 64 * 1024;

    [ThreadStatic]
    private static ClientMessageList? _decoded;

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _request;

    private readonly PublishWindows _windows = new(lanes);

    public async Task<IReadOnlyList<PublishReceipt>> PublishAsync(IReadOnlyList<Publication> batch, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (batch.Count > MaxBatch)
        {
            throw new ArgumentException($"{batch.Count} publications; {MaxBatch} are the most.", nameof(batch));
        }

        // Nothing is done where one of them makes no sense. Copied: the list is the caller's.
        Publication[] publications = [.. batch];
        foreach (var publication in publications)
        {
            Check(publication);
        }

        var posted = Array.ConvertAll(publications, publication => Post(publication, cancellationToken));
        await EndAsync(Task.WhenAll(posted.Select(static one => one.Taken?.Task ?? Task.CompletedTask)), cancellationToken);
        return Array.ConvertAll(posted, static one => ReceiptOf(one.Taken, one.Refusal));
    }

    public async Task<PublishReceipt> PublishAsync(Publication publication, CancellationToken cancellationToken)
    {
        Check(publication);
        var (refusal, taken) = Post(publication, cancellationToken);
        await EndAsync(taken?.Task ?? Task.CompletedTask, cancellationToken);
        return ReceiptOf(taken, refusal);
    }

    /// <summary>Asks something of a user's connections, in the order of what is published to the user.</summary>
    public async Task<PublishResult> OrderAsync(string user, UserOrder order, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(user);
        var name = Encoding.UTF8.GetBytes(user);
        if (!options.UserTopic.Enabled || !IsUser(name))
        {
            return options.UserTopic.Enabled ? PublishResult.InvalidTopic : PublishResult.Unsupported;
        }

        var topic = TopicName.OfUser(name);
        var receipt = await PostAsync(
            new PublishCommand(TopicName.Hash(topic), topic, order.ToBytes()) { IsSequenced = true, IsOrder = true, Taken = new PublishTaken() }, cancellationToken);
        return receipt.Result;
    }

    /// <summary>Says in the whole cluster what a user may do from now on.</summary>
    /// <param name="user">The user.</param>
    /// <param name="change">A <see cref="RightsChange"/>.</param>
    /// <param name="isNew">Only where nothing else is kept of the user.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<PublishResult> ChangeRightsAsync(string user, byte[] change, bool isNew, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(user);
        var name = Encoding.UTF8.GetBytes(user);
        if (!IsUser(name))
        {
            return PublishResult.InvalidTopic;
        }

        var topic = TopicName.OfRights(TopicName.RightsTopicOf(name));
        var command = new PublishCommand(TopicName.Hash(topic), topic, change)
        {
            IsSequenced = true,
            Taken = new PublishTaken(),
            Entry = name,
            If = isNew ? default(TopicPosition) : null,
        };
        var receipt = await PostAsync(command, cancellationToken);
        return receipt.Result;
    }

    private (PublishResult Refusal, PublishTaken? Taken) Post(Publication publication, CancellationToken cancellationToken)
    {
        var (refusal, command) = CommandOf(publication, mayOutlive: cancellationToken.CanBeCanceled);
        return command is null ? (refusal, null) : (PublishResult.Unavailable, Post(command));
    }

    /// <returns>Null: it was not taken, and nothing is done.</returns>
    private PublishTaken? Post(PublishCommand command) => _windows.TryPost(command) ? command.Taken : null;

    private async Task<PublishReceipt> PostAsync(PublishCommand command, CancellationToken cancellationToken)
    {
        var taken = Post(command);
        await EndAsync(taken?.Task ?? Task.CompletedTask, cancellationToken);
        return ReceiptOf(taken, PublishResult.Unavailable);
    }

    /// <summary>Waits until all has been taken, or the node has ended: what a lane has not taken by then will not be taken.</summary>
    private Task EndAsync(Task taken, CancellationToken cancellationToken) =>
        taken.IsCompleted ? Task.CompletedTask : Task.WhenAny(taken, system.Running!.WhenTerminated).WaitAsync(cancellationToken);

    /// <param name="taken">Null: it was not posted.</param>
    /// <param name="refusal">Why.</param>
    private static PublishReceipt ReceiptOf(PublishTaken? taken, PublishResult refusal) =>
        taken is null ? new PublishReceipt(refusal)
        : taken.Task.IsCompletedSuccessfully ? new PublishReceipt(taken.Task.Result, taken.Position?.ToPublic())
        : new PublishReceipt(PublishResult.Unavailable);

    private static bool IsUser(byte[] user) => user.Length is > 0 and <= JwtClaimRules.MaxSubject;

    private static void Check(Publication publication)
    {
        ArgumentNullException.ThrowIfNull(publication);
        if (publication.Topic is null == publication.User is null)
        {
            throw new ArgumentException("A publication has either a topic or a user.", nameof(publication));
        }
    }

    /// <returns>A command, or why there is none.</returns>
    private (PublishResult Refusal, PublishCommand? Command) CommandOf(Publication publication, bool mayOutlive)
    {
        var topic = Encoding.UTF8.GetBytes(publication.Topic ?? publication.User!);
        if (publication.User is null ? !TopicName.IsValid(topic) : !IsUser(topic))
        {
            return (PublishResult.InvalidTopic, null);
        }

        if (publication.User is not null)
        {
            topic = TopicName.OfUser(topic);
        }

        var settings = topics.Settings.Of(topic);
        if (!Has(settings, publication))
        {
            return (PublishResult.Unsupported, null);
        }

        if (!TryEncode(publication.Key, WireLimits.KeyBytes, out var key) || !TryEncode(publication.Entry, WireLimits.EntryBytes, out var entry))
        {
            return (PublishResult.InvalidData, null);
        }

        ReadOnlyMemory<byte> data = default;
        if (!publication.Remove)
        {
            data = publication.Data;
            var refusal = Prepare(settings, ref data);
            if (refusal != PublishResult.Published)
            {
                return (refusal, null);
            }
        }

        var command = new PublishCommand(TopicName.Hash(topic), topic, mayOutlive ? data.ToArray() : data)
        {
            IsSequenced = settings.Delivery == DeliveryKind.Sequenced,
            Taken = new PublishTaken(),
            Time = settings.Time ? DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() : null,

            // Keys of users have the length of the user's id in front, which is never 0.
            Key = key is null ? null : [0, .. key],
            Entry = entry,
            IsRemoval = publication.Remove,
            If = publication.If?.ToInternal(),
        };
        return (PublishResult.Published, command);
    }

    private bool Has(TopicOptions settings, Publication publication) =>
        (publication.User is null || options.UserTopic.Enabled)
        && (publication.Key is null || settings.Delivery == DeliveryKind.Sequenced)
        && ((publication.Entry is null && !publication.Remove && publication.If is null) || (settings.Delivery == DeliveryKind.Sequenced && settings.Keep == KeepPolicy.Latest));

    private PublishResult Prepare(TopicOptions settings, ref ReadOnlyMemory<byte> data)
    {
        var largest = settings.MaxSize > 0 ? settings.MaxSize : options.Limits.ApiMessage;
        if (data.Length > largest)
        {
            return PublishResult.TooLarge;
        }

        return !IsOneValue(data.Span) ? PublishResult.InvalidData
            : topics.Payloads.Apply(settings, WireFormat.Json, largest, ref data) != ErrorCode.None ? PublishResult.TooLarge
            : PublishResult.Published;
    }

    /// <returns>False: too short, or too long.</returns>
    private static bool TryEncode(string? text, int longest, out byte[]? bytes)
    {
        bytes = text is null ? null : Encoding.UTF8.GetBytes(text);
        return bytes is null or { Length: > 0 } && !(bytes?.Length > longest);
    }

    private static bool IsOneValue(ReadOnlySpan<byte> data)
    {
        var request = _request ??= new ArrayBufferWriter<byte>();
        request.Write("{\"type\":\"publish\",\"topic\":\"a\",\"data\":"u8);
        request.Write(data);
        request.Write("}"u8);
        var decoded = _decoded ??= new ClientMessageList();
        var isOne = JsonWireCodec.Instance.Decode(request.WrittenMemory, decoded) == ErrorCode.None
            && decoded.Count == 1
            && decoded[0].Error == ErrorCode.None
            && decoded[0].Data.Length == data.Trim(" \t\r\n"u8).Length;
        decoded.Clear();
        request.ResetWrittenCount();
        if (request.Capacity > LargestKept)
        {
            _request = null;
        }

        return isOne;
    }
}
