using System.Buffers;
using System.Text;
using System.Text.Json;
using Broker.Protocol.Wire;
using Broker.Protocol.Wire.Bridge;
using Broker.Rooms;

namespace Broker.Node.Connections;

/// <summary>Bounds of what clients send to rooms, and the forms in which it is handed on.</summary>
internal static class RoomFields
{
    /// <summary>Bytes of the filters of a search.</summary>
    public const int MaxMatch = RoomLimits.PlayerData;

    /// <summary>Levels of what a player says about itself: others get it inside a list of players, which has three.</summary>
    public const int PlayerDataDepth = WireLimits.Depth - 3;

    /// <summary>A character of a string has at most three bytes.</summary>
    private const int MaxNameBytes = 3 * RoomLimits.Name;

    /// <param name="utf8">A name, token or code; empty: none.</param>
    /// <param name="text">Null: none.</param>
    /// <returns>False: it is longer than <see cref="RoomLimits.Name"/> characters.</returns>
    public static bool TryRead(ReadOnlyMemory<byte> utf8, out string? text)
    {
        text = utf8.Length is > 0 and <= MaxNameBytes ? Encoding.UTF8.GetString(utf8.Span) : null;
        return utf8.Length <= MaxNameBytes && !(text?.Length > RoomLimits.Name);
    }

    /// <param name="data">A value that the codec of <paramref name="format"/> has let through; empty: none.</param>
    public static bool IsPlayerData(ReadOnlyMemory<byte> data, WireFormat format) =>
        data.Length <= RoomLimits.PlayerData && (data.IsEmpty || DepthOf(ToJson(data, format).Span) <= PlayerDataDepth);

    /// <param name="value">A value that the codec of <paramref name="format"/> has let through; empty: none.</param>
    /// <returns>A copy.</returns>
    public static ReadOnlyMemory<byte> ToJson(ReadOnlyMemory<byte> value, WireFormat format)
    {
        if (format == WireFormat.Json || value.IsEmpty)
        {
            return value.ToArray();
        }

        var json = new ArrayBufferWriter<byte>(value.Length);
        return WireBridge.TryCarry(value.Span, format, json) ? json.WrittenMemory : throw new ArgumentException("No codec lets this through.", nameof(value));
    }

    private static int DepthOf(ReadOnlySpan<byte> json)
    {
        var depth = 0;
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = WireLimits.Depth });
        while (reader.Read())
        {
            depth = Math.Max(depth, reader.CurrentDepth + (reader.TokenType is JsonTokenType.StartArray or JsonTokenType.StartObject ? 1 : 0));
        }

        return depth;
    }
}
