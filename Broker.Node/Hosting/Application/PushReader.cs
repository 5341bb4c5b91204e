using System.Runtime.InteropServices;
using System.Text.Json;
using Broker.Protocol.Wire;

namespace Broker.Node.Hosting.Application;

/// <summary>Reads messages of the client protocol, as this node has written them in JSON. Not thread-safe.</summary>
internal sealed class PushReader
{
    /// <summary>Data may nest as deep as the protocol allows, and lies in a message.</summary>
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = WireLimits.Depth + 8 };

    /// <summary>Of the topic from here on; null: not known.</summary>
    public string? Epoch { get; set; }

    /// <exception cref="BrokerSubscriptionException">It refuses what was asked.</exception>
    public BrokerMessage Read(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json, Options);
        var message = document.RootElement;
        var kind = KindOf(message);
        Epoch = Text(message, "epoch") ?? Epoch;
        var offset = Number(message, "offset");
        return new BrokerMessage(kind, Text(message, "topic")!)
        {
            Pattern = Text(message, "pattern"),
            Data = Raw(message, "data"),
            IsBase64 = message.TryGetProperty("encoding", out _),
            Offset = offset,
            Position = Epoch is not null && offset is not null ? new Position(Epoch, offset.Value) : null,
            Entry = Text(message, "entry"),
            Removed = message.TryGetProperty("removed", out _),
            From = message.TryGetProperty("from", out var from) ? new MessageSender(Text(from, "user"), Text(from, "connection")!, Raw(from, "info")) : null,
            Time = Number(message, "time") is { } time ? DateTimeOffset.FromUnixTimeMilliseconds(time) : null,
            Recovered = message.TryGetProperty("recovered", out var recovered) ? recovered.GetBoolean() : null,
            Snapshot = (int?)Number(message, "snapshot"),
            Presence = kind == BrokerMessageKind.Presence ? List(message) : message.TryGetProperty("presence", out var presence) && presence.ValueKind == JsonValueKind.Object ? List(presence) : null,
            Members = kind is BrokerMessageKind.Join or BrokerMessageKind.Leave ? Members(message) : [],
        };
    }

    private static BrokerMessageKind KindOf(JsonElement message) => Text(message, "type") switch
    {
        "subscribed" => BrokerMessageKind.Subscribed,
        "message" => BrokerMessageKind.Message,
        "gap" => BrokerMessageKind.Gap,
        "join" => BrokerMessageKind.Join,
        "leave" => BrokerMessageKind.Leave,
        "presence" => BrokerMessageKind.Presence,
        "error" => throw new BrokerSubscriptionException(SubscriptionEnd.Refused, Text(message, "code"), Text(message, "error")!),
        var type => throw new JsonException($"Nothing that a subscription gets: {type}."),
    };

    private static PresencePage List(JsonElement list) => new(QueryResult.Ok)
    {
        Connections = Number(list, "connections") ?? 0,
        Users = Number(list, "users") ?? 0,
        Members = Members(list),
    };

    private static PresenceUser[] Members(JsonElement list) =>
        list.TryGetProperty("members", out var members) ? [.. members.EnumerateArray().Select(static member => new PresenceUser(Text(member, "user")!, Raw(member, "info")))] : [];

    private static string? Text(JsonElement map, string name) => map.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static long? Number(JsonElement map, string name) => map.TryGetProperty(name, out var value) ? value.GetInt64() : null;

    private static byte[] Raw(JsonElement map, string name) => map.TryGetProperty(name, out var value) ? JsonMarshal.GetRawUtf8Value(value).ToArray() : [];
}
