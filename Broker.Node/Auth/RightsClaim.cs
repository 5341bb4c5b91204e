using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text.Json;
using Broker.Node.Configuration.Options;

namespace Broker.Node.Auth;

/// <summary>The shape of a token's rights claim.</summary>
internal static class RightsClaim
{
    /// <summary>Largest <c>info</c>, in bytes of raw JSON.</summary>
    public const int MaxInfo = 1024;

    /// <summary>Reads {subscribe, publish, history, presence, rooms: {create, join}, deny, info}; false for a member of the wrong shape.</summary>
    /// <remarks>Unknown members are ignored, except inside <c>deny</c>: to ignore one there would permit more than was meant.</remarks>
    public static bool TryRead(JsonElement claim, [NotNullWhen(true)] out RightsOptions? rights, out ReadOnlyMemory<byte> info)
    {
        info = default;
        rights = null;
        if (claim.ValueKind != JsonValueKind.Object || !TryReadRules(claim, out var allow) || !TryReadInfo(claim, out info))
        {
            return false;
        }

        if (!claim.TryGetProperty("deny", out var denyClaim))
        {
            rights = allow;
            return true;
        }

        if (denyClaim.ValueKind != JsonValueKind.Object || !IsKnown(denyClaim) || !TryReadRules(denyClaim, out var deny))
        {
            return false;
        }

        rights = allow with { Deny = deny };
        return true;
    }

    /// <summary>Reads the claim of a <c>subscribe.token</c>: the member <c>subscribe</c> with one entry, and nothing else.</summary>
    public static bool TryReadGrant(JsonElement claim, [NotNullWhen(true)] out string? pattern)
    {
        pattern = claim.ValueKind == JsonValueKind.Object
            && claim.EnumerateObject().All(static member => member.NameEquals("subscribe"))
            && TryReadList(claim, "subscribe", out var list)
            && list.Count == 1
                ? list[0]
                : null;
        return pattern is not null;
    }

    /// <summary>The bytes of an <c>info</c>; false where it is too large or has a number that is not finite.</summary>
    public static bool TryCopyInfo(JsonElement element, out ReadOnlyMemory<byte> info)
    {
        info = default;
        var raw = JsonMarshal.GetRawUtf8Value(element);
        if (raw.Length > MaxInfo || !StrictJson.HasFiniteNumbers(element))
        {
            return false;
        }

        info = raw.ToArray();
        return true;
    }

    private static bool TryReadRules(JsonElement source, [NotNullWhen(true)] out RightsOptions? rules)
    {
        rules = null;
        var rooms = new RoomRightsOptions();
        if (source.TryGetProperty("rooms", out var kinds))
        {
            if (kinds.ValueKind != JsonValueKind.Object || !TryReadList(kinds, "create", out var create) || !TryReadList(kinds, "join", out var join))
            {
                return false;
            }

            rooms = new RoomRightsOptions { Create = create, Join = join };
        }

        if (!TryReadList(source, "subscribe", out var subscribe)
            || !TryReadList(source, "publish", out var publish)
            || !TryReadList(source, "history", out var history)
            || !TryReadList(source, "presence", out var presence))
        {
            return false;
        }

        rules = new RightsOptions { Subscribe = subscribe, Publish = publish, History = history, Presence = presence, Rooms = rooms };
        return true;
    }

    private static bool TryReadList(JsonElement source, string name, out IReadOnlyList<string> list)
    {
        list = [];
        if (!source.TryGetProperty(name, out var array))
        {
            return true;
        }

        if (array.ValueKind != JsonValueKind.Array || array.EnumerateArray().Any(static entry => entry.ValueKind != JsonValueKind.String))
        {
            return false;
        }

        list = [.. array.EnumerateArray().Select(static entry => entry.GetString()!)];
        return true;
    }

    private static bool TryReadInfo(JsonElement claim, out ReadOnlyMemory<byte> info)
    {
        info = default;
        return !claim.TryGetProperty("info", out var element) || TryCopyInfo(element, out info);
    }

    private static bool IsKnown(JsonElement deny) =>
        deny.EnumerateObject().All(static member =>
            member.Name is "subscribe" or "publish" or "history" or "presence"
            || (member.Name is "rooms"
                && (member.Value.ValueKind != JsonValueKind.Object
                    || member.Value.EnumerateObject().All(static kind => kind.Name is "create" or "join"))));
}
