using System.Text;

namespace Broker.Rooms;

/// <summary>
/// One value as bytes: what a client sends to a room, and what a room sends to clients. Clients of either format get it in
/// theirs, whatever it was written in. A room that keeps it copies nothing: the bytes are not changed any more.
/// </summary>
public readonly struct RoomData
{
    private RoomData(ReadOnlyMemory<byte> bytes, DataFormat format) => (Bytes, Format) = (bytes, format);

    /// <summary>Nothing was given. Clients see <c>null</c>, or no <c>data</c> where it may be missing.</summary>
    public static RoomData None => default;

    public ReadOnlyMemory<byte> Bytes { get; }

    public DataFormat Format { get; }

    public bool IsNone => Bytes.IsEmpty;

    /// <summary>The JSON text; empty for <see cref="None"/>.</summary>
    /// <exception cref="InvalidOperationException">It is MessagePack.</exception>
    public string Text => Format == DataFormat.Json ? Encoding.UTF8.GetString(Bytes.Span) : throw new InvalidOperationException("MessagePack is not text.");

    /// <param name="text">One JSON value.</param>
    public static RoomData Json(string text) => new(Encoding.UTF8.GetBytes(text), DataFormat.Json);

    /// <param name="utf8">One JSON value; not changed afterwards.</param>
    public static RoomData Json(ReadOnlyMemory<byte> utf8) => new(utf8, DataFormat.Json);

    /// <param name="bytes">One MessagePack value; not changed afterwards.</param>
    public static RoomData MessagePack(ReadOnlyMemory<byte> bytes) => new(bytes, DataFormat.MessagePack);

    public override string ToString() => IsNone ? "none" : Format == DataFormat.Json ? Text : $"{Bytes.Length} bytes of MessagePack";
}

/// <summary>How <see cref="RoomData"/> is written; the numbers are those of the wire formats.</summary>
public enum DataFormat : byte
{
    Json,
    MessagePack,
}
