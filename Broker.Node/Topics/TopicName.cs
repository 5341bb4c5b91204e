using System.Buffers;
using Broker.Node.Configuration.Options;

namespace Broker.Node.Topics;

/// <summary>Topic names: 1-255 bytes, tokens of <c>[A-Za-z0-9_:@-]+</c> joined by <c>.</c>.</summary>
/// <remarks>
/// The bytes are the only form of a name: rights, routing and hashing all use them as they arrived, so there is
/// nothing to normalise. Names starting with <c>$</c> are reserved and not part of this grammar.
/// </remarks>
internal static class TopicName
{
    /// <summary>Longest name and longest pattern, in bytes.</summary>
    public const int MaxLength = 255;

    /// <summary>Partitions that own the sequenced topics. Nodes route by them: the number may never change.</summary>
    public const int Partitions = LaneOptions.Partitions;

    /// <summary>What a client calls the topic of its own user.</summary>
    public static readonly byte[] User = "$user"u8.ToArray();

    private const string TokenCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_:@-";

    private static readonly SearchValues<char> TokenChars = SearchValues.Create(TokenCharacters);
    private static readonly SearchValues<byte> TokenBytes = SearchValues.Create(System.Text.Encoding.ASCII.GetBytes(TokenCharacters));
    private static readonly SearchValues<byte> NameBytes = SearchValues.Create(System.Text.Encoding.ASCII.GetBytes(TokenCharacters + "."));

    /// <summary>Whether the bytes are a name clients may use; false for reserved names.</summary>
    public static bool IsValid(ReadOnlySpan<byte> utf8) =>
        !utf8.IsEmpty
        && utf8.Length <= MaxLength
        && !utf8.ContainsAnyExcept(NameBytes)
        && utf8[0] != (byte)'.'
        && utf8[^1] != (byte)'.'
        && utf8.IndexOf(".."u8) < 0;

    /// <summary>Whether the name belongs to the server (<c>$user</c> and the like).</summary>
    public static bool IsReserved(ReadOnlySpan<byte> utf8) => !utf8.IsEmpty && utf8[0] == (byte)'$';

    /// <summary>The topic of one user, which no client can name.</summary>
    /// <param name="user">1-255 bytes of UTF-8.</param>
    public static byte[] OfUser(ReadOnlySpan<byte> user) => [.. "$user."u8, .. user];

    /// <summary>Whose topic it is.</summary>
    public static bool IsOfUser(ReadOnlySpan<byte> topic, out ReadOnlySpan<byte> user)
    {
        var isOfUser = topic.StartsWith("$user."u8);
        user = isOfUser ? topic[6..] : default;
        return isOfUser;
    }

    /// <summary>Topics over which the changes of users' rights are spread.</summary>
    public const int RightsTopics = 16;

    /// <summary>One of the topics that keep the changes of users' rights, which no client can name.</summary>
    /// <param name="number">0 to <see cref="RightsTopics"/> - 1.</param>
    public static byte[] OfRights(int number) => [.. "$rights."u8, (byte)('a' + number)];

    /// <summary>The number of the topic that keeps what concerns a user.</summary>
    public static int RightsTopicOf(ReadOnlySpan<byte> user) => (int)(Hash(user) % RightsTopics);

    /// <summary>Whether it is one of the topics that keep the changes of users' rights.</summary>
    public static bool IsOfRights(ReadOnlySpan<byte> topic) => topic.StartsWith("$rights."u8);

    /// <summary>What the pushes of a room are under on the nodes with its players.</summary>
    /// <param name="room">Id of the room, ASCII.</param>
    public static byte[] OfRoomPushes(string room) => [.. "$play."u8, .. System.Text.Encoding.ASCII.GetBytes(room)];

    /// <summary>The topic that keeps the snapshot of a room, which no client can name.</summary>
    /// <inheritdoc cref="OfRoomPushes"/>
    public static byte[] OfRoom(string room) => [.. "$room."u8, .. System.Text.Encoding.ASCII.GetBytes(room)];

    /// <summary>Whether it is a topic that keeps the snapshot of a room.</summary>
    public static bool IsOfRoom(ReadOnlySpan<byte> topic) => topic.StartsWith("$room."u8);

    /// <summary>The topic that keeps what clients may know of the rooms of a kind.</summary>
    /// <param name="kind">ASCII.</param>
    public static byte[] OfRooms(string kind) => [.. "$rooms."u8, .. System.Text.Encoding.ASCII.GetBytes(kind)];

    /// <summary>Whether it is a topic that keeps what clients may know of the rooms of a kind.</summary>
    public static bool IsOfRooms(ReadOnlySpan<byte> topic, out ReadOnlySpan<byte> kind)
    {
        kind = topic.StartsWith("$rooms."u8) ? topic[7..] : default;
        return IsToken(kind);
    }

    /// <summary>What clients are told a topic is called: that of a user is <c>$user</c> to it.</summary>
    public static ReadOnlySpan<byte> Shown(ReadOnlySpan<byte> topic) => IsOfUser(topic, out _) ? User : topic;

    /// <inheritdoc cref="Shown(ReadOnlySpan{byte})"/>
    public static byte[] Shown(byte[] topic) => IsOfUser(topic, out _) ? User : topic;

    /// <summary>Whether the bytes are a name, a pattern, or either behind the <c>$</c> of the server's own: what somebody may have subscribed to.</summary>
    public static bool MayBeSubscribed(ReadOnlySpan<byte> utf8) =>
        utf8.Length <= MaxLength && TopicPattern.TryParse(IsReserved(utf8) ? utf8[1..] : utf8, out _);

    /// <summary>Whether the text is one legal token.</summary>
    public static bool IsToken(ReadOnlySpan<char> text) =>
        !text.IsEmpty && text.Length <= MaxLength && !text.ContainsAnyExcept(TokenChars);

    /// <summary>Whether the bytes are one legal token.</summary>
    public static bool IsToken(ReadOnlySpan<byte> utf8) =>
        !utf8.IsEmpty && utf8.Length <= MaxLength && !utf8.ContainsAnyExcept(TokenBytes);

    /// <summary>FNV-1a (32 bit) and a final avalanche. Nodes route by it: it may never change.</summary>
    public static uint Hash(ReadOnlySpan<byte> utf8)
    {
        var hash = 2166136261u;
        foreach (var value in utf8)
        {
            hash = (hash ^ value) * 16777619u;
        }

        // The low bits of FNV-1a alone are weak on short names, and the low bits choose the lane.
        hash = (hash ^ (hash >> 16)) * 0x85EBCA6Bu;
        hash = (hash ^ (hash >> 13)) * 0xC2B2AE35u;
        return hash ^ (hash >> 16);
    }

    /// <summary>The lane (0 to <paramref name="lanes"/> - 1) a hash belongs to.</summary>
    public static int Lane(uint hash, int lanes) => (int)(hash % (uint)lanes);

    /// <summary>The partition (0 to <see cref="Partitions"/> - 1) a hash belongs to.</summary>
    public static int PartitionOf(uint hash) => (int)(hash % Partitions);
}
