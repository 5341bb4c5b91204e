using System.Buffers;
using System.Text;
using System.Text.Json;
using Broker.Node.Configuration.Options;
using Broker.Node.Lanes;
using Broker.Node.Topics;
using Broker.Node.Transports.WebSocket;
using Broker.Protocol.Wire;

namespace Broker.Node.Hosting;

/// <summary>The publish API: what it takes goes through the same codec and lanes as what clients send.</summary>
internal sealed class BrokerApi(BrokerOptions options, TopicRules topics, SystemModule system, LanesModule lanes, NodeHealth health, OpenConnections open) : IBroker
{
    /// <summary>Publishes under way at once; more of them wait, in the order of the calls.</summary>
    public const int Concurrent = 256;

    /// <summary>Publishes that wait; one more is <see cref="PublishResult.Unavailable"/>.</summary>
    public const int MaxWaiting = 65536;

    private readonly Lock _gate = new();
    private readonly Queue<PublishCommand> _waiting = new();
    private int _underWay;

    public NodeState State => new(system.Identity.Name, health.Ready, open.Count, system.Members);

    public Task Ready => health.ReadyForClients;

    public Task<PublishResult> PublishAsync<T>(string topic, T value, JsonSerializerOptions? options = null, CancellationToken cancellationToken = default) =>
        PublishAsync(topic, JsonSerializer.SerializeToUtf8Bytes(value, options), cancellationToken);

    public IBrokerUsers Users => field ??= new BrokerUsers(this, options.UserTopic);

    public Task<PublishResult> PublishAsync(string topic, ReadOnlyMemory<byte> data, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(topic);
        var name = Encoding.UTF8.GetBytes(topic);
        return TopicName.IsValid(name) ? PublishAsync(name, data, cancellationToken) : Task.FromResult(PublishResult.InvalidTopic);
    }

    /// <param name="name">A topic that a client could have, or that of a user.</param>
    /// <param name="data">What is published.</param>
    /// <param name="cancellationToken">Ends the wait, not the publish.</param>
    internal async Task<PublishResult> PublishAsync(byte[] name, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        var settings = topics.Settings.Of(name);
        var largest = settings.MaxSize > 0 ? settings.MaxSize : options.Limits.ApiMessage;
        if (data.Length > largest)
        {
            return PublishResult.TooLarge;
        }

        if (!IsOneValue(TopicName.Shown(name), data.Span))
        {
            return PublishResult.InvalidData;
        }

        if (topics.Payloads.Apply(settings, WireFormat.Json, largest, ref data) != ErrorCode.None)
        {
            return PublishResult.TooLarge;
        }

        if (cancellationToken.CanBeCanceled)
        {
            // Cancelling ends the wait, not the publish: the caller has its bytes back before a lane has read them.
            data = data.ToArray();
        }

        var taken = NewTaken();
        return await PostAsync(
            new PublishCommand(TopicName.Hash(name), name, data)
            {
                IsSequenced = settings.Delivery == DeliveryKind.Sequenced,
                Taken = taken,
                Time = settings.Time ? DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() : null,
            },
            taken,
            cancellationToken);
    }

    /// <summary>Asks something of a user's connections.</summary>
    internal Task<PublishResult> OrderAsync(byte[] name, UserOrder order, CancellationToken cancellationToken)
    {
        var taken = NewTaken();
        return PostAsync(new PublishCommand(TopicName.Hash(name), name, order.ToBytes()) { IsSequenced = true, IsOrder = true, Taken = taken }, taken, cancellationToken);
    }

    private TaskCompletionSource<PublishResult> NewTaken()
    {
        var taken = new TaskCompletionSource<PublishResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = taken.Task.ContinueWith(_ => OnTaken(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return taken;
    }

    private async Task<PublishResult> PostAsync(PublishCommand command, TaskCompletionSource<PublishResult> taken, CancellationToken cancellationToken)
    {
        if (!TryPost(command))
        {
            return PublishResult.Unavailable;
        }

        // What a lane has not taken when the node has ended will not be taken.
        var ended = system.Running!.WhenTerminated;
        return await Task.WhenAny(taken.Task, ended).WaitAsync(cancellationToken) == ended && !taken.Task.IsCompleted
            ? PublishResult.Unavailable
            : await taken.Task;
    }

    private bool TryPost(PublishCommand command)
    {
        lock (_gate)
        {
            if (_underWay == Concurrent)
            {
                if (_waiting.Count == MaxWaiting)
                {
                    return false;
                }

                _waiting.Enqueue(command);
                return true;
            }

            if (!lanes.TryPost(command))
            {
                return false;
            }

            _underWay++;
            return true;
        }
    }

    private void OnTaken()
    {
        lock (_gate)
        {
            if (_waiting.TryDequeue(out var next))
            {
                lanes.Inbox.Post(next);
            }
            else
            {
                _underWay--;
            }
        }
    }

    private static bool IsOneValue(byte[] topic, ReadOnlySpan<byte> data)
    {
        var request = new ArrayBufferWriter<byte>(data.Length + topic.Length + 64);
        request.Write("{\"type\":\"publish\",\"topic\":\""u8);
        request.Write(topic);
        request.Write("\",\"data\":"u8);
        request.Write(data);
        request.Write("}"u8);
        var decoded = new ClientMessageList();
        return JsonWireCodec.Instance.Decode(request.WrittenMemory, decoded) == ErrorCode.None
            && decoded.Count == 1
            && decoded[0].Error == ErrorCode.None
            && decoded[0].Data.Length == data.Trim(" \t\r\n"u8).Length;
    }
}
