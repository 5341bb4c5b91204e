using System.Text.Json;
using System.Text.Json.Serialization;
using Broker.Rooms;

namespace Broker.Node.Rooms.Kinds;

/// <summary>JSON of the built-in kinds.</summary>
internal static class KindJson
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = JsonIgnoreCondition.Never };

    public static RoomData Write<T>(T value) => RoomData.Json(JsonSerializer.SerializeToUtf8Bytes(value, Options));

    /// <summary>Of a room's own snapshot.</summary>
    /// <exception cref="JsonException">It is not.</exception>
    public static T Read<T>(ReadOnlyMemory<byte> snapshot) => JsonSerializer.Deserialize<T>(snapshot.Span, Options) ?? throw new JsonException("null");

    /// <summary>Of a stranger. Null: none, or no JSON.</summary>
    public static JsonElement? TryRead(RoomData data)
    {
        try
        {
            return data.IsNone ? null : JsonElement.Parse(data.Bytes.Span);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
