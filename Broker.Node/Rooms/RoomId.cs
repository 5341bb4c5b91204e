using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Broker.Rooms;

namespace Broker.Node.Rooms;

/// <summary>
/// Ids of rooms: <c>kind-</c> and 32 hexadecimal digits, one token of a topic's name. The kind stands in it so that a right to join can be
/// checked before anybody has asked the room; the rest cannot be guessed.
/// </summary>
internal static class RoomId
{
    /// <summary>128 bits.</summary>
    private const int RandomDigits = 32;

    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789abcdef");

    /// <summary>Characters of the longest id.</summary>
    public const int MaxLength = RoomLimits.KindName + 1 + RandomDigits;

    /// <param name="kind">The name of a kind.</param>
    public static string New(string kind) => $"{kind}-{RandomNumberGenerator.GetHexString(RandomDigits, lowercase: true)}";

    /// <returns>False: no server has made such an id.</returns>
    public static bool TryReadKind(string room, [NotNullWhen(true)] out string? kind)
    {
        var separator = room.Length - RandomDigits - 1;
        kind = separator > 0 && room[separator] == '-' && room.AsSpan(separator + 1).IndexOfAnyExcept(Digits) < 0 && RoomKinds.IsName(room[..separator])
            ? room[..separator]
            : null;
        return kind is not null;
    }
}
