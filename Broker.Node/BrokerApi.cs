using System.Buffers;
using System.Text;
using System.Text.Json;
using Broker.Node.Configuration;
using Broker.Node.Topics;
using Broker.Protocol.Wire;

namespace Broker.Node;

/// <summary>The publish API: what it takes goes through the same codec and lanes as what clients send.</summary>
internal sealed class BrokerApi(BrokerOptions options, BrokerNode node) : IBroker, IDisposable
{
    /// <summary>Publishes on their way at once; more of them wait.</summary>
    private const int Concurrent = 256;

    private readonly SemaphoreSlim _places = new(Concurrent);

    public NodeState State => node.State;

    public Task Ready => node.ReadyForClients;

    public Task<PublishResult> PublishAsync<T>(string topic, T value, JsonSerializerOptions? options = null, CancellationToken cancellationToken = default) =>
        PublishAsync(topic, JsonSerializer.SerializeToUtf8Bytes(value, options), cancellationToken);

    public async Task<PublishResult> PublishAsync(string topic, ReadOnlyMemory<byte> data, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(topic);
        var name = Encoding.UTF8.GetBytes(topic);
        if (!TopicName.IsValid(name))
        {
            return PublishResult.InvalidTopic;
        }

        var settings = node.Topics.Of(name);
        if (data.Length > (settings.MaxSize > 0 ? settings.MaxSize : options.Limits.ApiMessage))
        {
            return PublishResult.TooLarge;
        }

        if (!IsOneValue(name, data.Span))
        {
            return PublishResult.InvalidData;
        }

        await _places.WaitAsync(cancellationToken);
        var taken = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = taken.Task.ContinueWith(_ => _places.Release(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        var posted = node.TryPost(new PublishCommand(TopicName.Hash(name), name, data)
        {
            Taken = taken,
            Time = settings.Time ? DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() : null,
        });
        if (!posted)
        {
            taken.SetResult();
            return PublishResult.Unavailable;
        }

        await taken.Task.WaitAsync(cancellationToken);
        return PublishResult.Published;
    }

    public void Dispose() => _places.Dispose();

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
