using System.Buffers;
using System.Text;
using Broker.Node.Links;
using Broker.Node.Sequenced;
using Broker.Protocol.Wire;
using Broker.Rooms;
using Broker.Rooms.Hosting;

namespace Broker.Node.Rooms;

/// <summary>
/// Layout of <see cref="LobbyMessage"/> between nodes: version (1), kind, then per message; numbers and bytes as <see cref="PartitionWriter"/> writes them, texts as
/// their bytes in UTF-8. A decoder answers null to anything that is not of its form.
/// </summary>
internal static class LobbyCodec
{
    /// <summary>Of a user's id, a room's, a token, and where a page begins.</summary>
    private const int MaxText = 1024;

    /// <summary>Of a key or value of metadata: each character at its longest.</summary>
    private const int MaxMetadata = 3 * RoomLimits.MetadataText;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static byte[] Encode(LobbyMessage message)
    {
        var bytes = new ArrayBufferWriter<byte>();
        var writer = new PartitionWriter(bytes);
        writer.Byte(LinkProtocol.Major);
        Text(writer, message.Kind);
        switch (message)
        {
            case LobbyAsk ask: Write(writer, ask); break;
            case LobbyReply reply: Write(writer, reply); break;
            case RoomsShown shown: Write(writer, shown); break;
            case LobbyHeard heard:
                writer.Number(heard.Incarnation);
                writer.Number(heard.Feed);
                writer.Number(heard.Last);
                break;
            default: throw new ArgumentException($"No layout for {message.GetType().Name}", nameof(message));
        }

        return bytes.WrittenSpan.ToArray();
    }

    public static LobbyAsk? DecodeAsk(byte[] bytes)
    {
        var reader = new PartitionReader(bytes);
        if (Head(ref reader) is not { } kind)
        {
            return null;
        }

        var (node, number, what, user) = (reader.Number(), reader.Number(), (LobbyAskKind)reader.Byte((byte)LobbyAskKind.Forget), OptionalText(ref reader, out var isUser));
        var filters = Pairs(ref reader) is { } pairs ? RoomFilters.Of(pairs) : null;
        var (options, seats, mayCreate, limit, after) = (reader.Bytes(), reader.Count(), reader.Flag(), reader.Count(), OptionalText(ref reader, out var isAfter));
        var isRight = reader.IsWhole && isUser && isAfter && node <= uint.MaxValue && Enum.IsDefined(what) && options.Length <= RoomLimits.Data && limit <= WireLimits.Messages;
        return isRight && filters is not null
            ? new LobbyAsk(kind, (uint)node, number, what) { User = user, Filters = filters, Options = options, Seats = seats, MayCreate = mayCreate, Limit = limit, After = after }
            : null;
    }

    public static LobbyReply? DecodeReply(byte[] bytes)
    {
        var reader = new PartitionReader(bytes);
        if (Head(ref reader) is not { } kind)
        {
            return null;
        }

        var (number, error) = (reader.Number(), (ErrorCode)reader.Byte((byte)ErrorCode.Internal));
        var (room, token, after) = (OptionalText(ref reader, out var isRoom), OptionalText(ref reader, out var isToken), OptionalText(ref reader, out var isAfter));
        var isWaiting = reader.Flag();
        List<RoomListEntry> rooms = [];
        var areRooms = true;
        for (var left = reader.Count(); left > 0 && areRooms; left--)
        {
            areRooms = Text(ref reader) is { } id && Listing(ref reader) is { } listing && Add(rooms, Lobby.EntryOf(kind, id, listing));
        }

        return reader.IsWhole && areRooms && isRoom && isToken && isAfter
            ? new LobbyReply(kind, number, error) { Room = room, Token = token, Rooms = rooms, After = after, IsWaiting = isWaiting }
            : null;
    }

    public static RoomsShown? DecodeShown(byte[] bytes)
    {
        var reader = new PartitionReader(bytes);
        if (Head(ref reader) is not { } kind)
        {
            return null;
        }

        var (node, incarnation, feed, number, isWhole) = (reader.Number(), reader.Number(), reader.Number(), reader.Number(), reader.Flag());
        List<ShownRoom> rooms = [];
        var areRooms = true;
        for (var left = reader.Count(); left > 0 && areRooms; left--)
        {
            areRooms = Text(ref reader) is { } id && (reader.Flag() ? Listing(ref reader) is { } listing && Add(rooms, new ShownRoom(id, listing)) : Add(rooms, new ShownRoom(id, null)));
        }

        return reader.IsWhole && areRooms && node <= uint.MaxValue ? new RoomsShown(kind, (uint)node, incarnation, feed, number) { Rooms = rooms, IsWhole = isWhole } : null;
    }

    public static LobbyHeard? DecodeHeard(byte[] bytes)
    {
        var reader = new PartitionReader(bytes);
        return Head(ref reader) is { } kind && new LobbyHeard(kind, reader.Number(), reader.Number(), reader.Number()) is var heard && reader.IsWhole ? heard : null;
    }

    private static void Write(PartitionWriter writer, LobbyAsk ask)
    {
        writer.Number(ask.Node);
        writer.Number(ask.Number);
        writer.Byte((byte)ask.What);
        OptionalText(writer, ask.User);
        Pairs(writer, ask.Filters.Pairs);
        writer.Bytes(ask.Options.Span);
        writer.Number(ask.Seats);
        writer.Flag(ask.MayCreate);
        writer.Number(ask.Limit);
        OptionalText(writer, ask.After);
    }

    private static void Write(PartitionWriter writer, LobbyReply reply)
    {
        writer.Number(reply.Number);
        writer.Byte((byte)reply.Error);
        OptionalText(writer, reply.Room);
        OptionalText(writer, reply.Token);
        OptionalText(writer, reply.After);
        writer.Flag(reply.IsWaiting);
        writer.Number(reply.Rooms.Count);
        foreach (var room in reply.Rooms)
        {
            Text(writer, room.Room);
            Listing(writer, new RoomListing(room.Players, room.MaxPlayers, room.Spectators, room.Locked, IsPrivate: false, room.Metadata));
        }
    }

    private static void Write(PartitionWriter writer, RoomsShown shown)
    {
        writer.Number(shown.Node);
        writer.Number(shown.Incarnation);
        writer.Number(shown.Feed);
        writer.Number(shown.Number);
        writer.Flag(shown.IsWhole);
        writer.Number(shown.Rooms.Count);
        foreach (var room in shown.Rooms)
        {
            Text(writer, room.Room);
            writer.Flag(room.Listing is not null);
            if (room.Listing is { } listing)
            {
                Listing(writer, listing);
            }
        }
    }

    private static void Listing(PartitionWriter writer, RoomListing listing)
    {
        writer.Number(listing.Players);
        writer.Number(listing.MaxPlayers);
        writer.Number(listing.Spectators);
        writer.Flag(listing.IsLocked);
        writer.Flag(listing.IsPrivate);
        Pairs(writer, listing.Metadata);
    }

    private static RoomListing? Listing(ref PartitionReader reader)
    {
        var (players, seats, spectators, isLocked, isPrivate) = (reader.Count(), reader.Count(), reader.Count(), reader.Flag(), reader.Flag());
        if (Pairs(ref reader) is not { } pairs)
        {
            return null;
        }

        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        return pairs.TrueForAll(pair => metadata.TryAdd(pair.Key, pair.Value)) ? new RoomListing(players, seats, spectators, isLocked, isPrivate, metadata) : null;
    }

    private static void Pairs(PartitionWriter writer, IReadOnlyCollection<KeyValuePair<string, string>> pairs)
    {
        writer.Number(pairs.Count);
        foreach (var (key, value) in pairs)
        {
            Text(writer, key);
            Text(writer, value);
        }
    }

    private static List<KeyValuePair<string, string>>? Pairs(ref PartitionReader reader)
    {
        List<KeyValuePair<string, string>> pairs = [];
        for (var left = reader.Count(); left > 0; left--)
        {
            if (left > RoomLimits.Metadata || Text(ref reader, MaxMetadata) is not { } key || Text(ref reader, MaxMetadata) is not { } value)
            {
                return null;
            }

            pairs.Add(new KeyValuePair<string, string>(key, value));
        }

        return pairs;
    }

    private static void Text(PartitionWriter writer, string text) => writer.Bytes(Encoding.UTF8.GetBytes(text));

    private static void OptionalText(PartitionWriter writer, string? text)
    {
        writer.Flag(text is not null);
        if (text is not null)
        {
            Text(writer, text);
        }
    }

    private static string? Head(ref PartitionReader reader) => reader.Byte() == LinkProtocol.Major && Text(ref reader) is { } kind && RoomKinds.IsName(kind) ? kind : null;

    /// <summary>Null: none, or too long.</summary>
    private static string? Text(ref PartitionReader reader, int longest = MaxText)
    {
        var bytes = reader.Bytes();
        if (reader.HasFailed || bytes.Length > longest)
        {
            return null;
        }

        try
        {
            return Strict.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    private static string? OptionalText(ref PartitionReader reader, out bool isRight)
    {
        isRight = true;
        if (!reader.Flag())
        {
            return null;
        }

        var text = Text(ref reader);
        isRight = text is not null;
        return text;
    }

    private static bool Add<T>(List<T> list, T item)
    {
        list.Add(item);
        return true;
    }
}
