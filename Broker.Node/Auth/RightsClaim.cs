using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Broker.Node.Configuration;
using Broker.Node.Configuration.Options;
using Broker.Node.Topics;

namespace Broker.Node.Auth;

/// <summary>The shape of a token's rights claim.</summary>
/// <remarks>Errors are for the log of whoever signs, and name the member; what the token says in them is cut, and not escaped.</remarks>
internal static class RightsClaim
{
    /// <summary>Largest <c>info</c>, in bytes of raw JSON.</summary>
    public const int MaxInfo = 1024;

    private const int LongestShown = 80;

    private static readonly string[] Topics = ["subscribe", "publish", "history", "presence"];
    private static readonly string[] Kinds = ["create", "join"];
    private static readonly string[] OfDeny = [.. Topics, "rooms"];
    private static readonly string[] OfClaim = [.. OfDeny, "deny", "info"];

    /// <summary>Reads {subscribe, publish, history, presence, rooms: {create, join}, deny, info}; false for a member of the wrong shape.</summary>
    /// <remarks>
    /// An unknown member makes the claim wrong: in <c>deny</c> to ignore one would permit more than was meant, elsewhere whoever wrote
    /// <c>subscribes</c> would look for the fault in the client.
    /// </remarks>
    public static bool TryRead(
        JsonElement claim,
        [NotNullWhen(true)] out RightsOptions? rights,
        out ReadOnlyMemory<byte> info,
        [NotNullWhen(false)] out string? error)
    {
        rights = null;
        info = default;
        error = null;
        if (!IsObject(claim, "", OfClaim, ref error))
        {
            return false;
        }

        var read = ReadRules(claim, "", ref error);
        if (claim.TryGetProperty("deny", out var deny) && IsObject(deny, "deny", OfDeny, ref error))
        {
            read = read with { Deny = ReadRules(deny, "deny.", ref error) };
        }

        if (claim.TryGetProperty("info", out var element))
        {
            info = ReadInfo(element, ref error);
        }

        rights = error is null ? read : null;
        return rights is not null;
    }

    /// <summary>Reads the claim of a <c>subscribe.token</c>: the member <c>subscribe</c> with one entry, and nothing else.</summary>
    public static bool TryReadGrant(JsonElement claim, [NotNullWhen(true)] out TopicPattern? pattern, [NotNullWhen(false)] out string? error)
    {
        pattern = null;
        error = null;
        if (!IsObject(claim, "", ["subscribe"], ref error))
        {
            return false;
        }

        var list = ReadList(claim, "", "subscribe", ref error);
        if (list.Count != 1)
        {
            error ??= "subscribe: a grant has one topic or pattern";
        }
        else if (!TopicPattern.TryParse(list[0], out pattern))
        {
            error = NoPattern("subscribe", list[0]);
        }

        return pattern is not null;
    }

    /// <summary>What <see cref="TryRead"/> reads, without lists that are empty.</summary>
    public static JsonObject Write(RightsOptions rights)
    {
        var json = new JsonObject();
        AddList(json, "subscribe", rights.Subscribe);
        AddList(json, "publish", rights.Publish);
        AddList(json, "history", rights.History);
        AddList(json, "presence", rights.Presence);
        if (rights.Rooms.Create.Count + rights.Rooms.Join.Count > 0)
        {
            var rooms = new JsonObject();
            AddList(rooms, "create", rights.Rooms.Create);
            AddList(rooms, "join", rights.Rooms.Join);
            json["rooms"] = rooms;
        }

        if (rights.Deny is { } deny)
        {
            json["deny"] = Write(deny);
        }

        return json;
    }

    /// <summary>What is wrong with a pattern, in whichever list it stands.</summary>
    public static string NoPattern(string list, string text) => $"{list}: '{Cut(text)}' is not a topic pattern";

    /// <summary>The bytes of an <c>info</c>; empty, and <paramref name="error"/> set, where it may not be one.</summary>
    public static ReadOnlyMemory<byte> ReadInfo(JsonElement element, ref string? error)
    {
        var raw = JsonMarshal.GetRawUtf8Value(element);
        if (raw.Length > MaxInfo)
        {
            error ??= $"info has {raw.Length} bytes, more than {MaxInfo}";
        }
        else if (!StrictJson.HasFiniteNumbers(element))
        {
            error ??= "info has a number that no double holds";
        }

        return error is null ? raw.ToArray() : default(ReadOnlyMemory<byte>);
    }

    private static RightsOptions ReadRules(JsonElement source, string path, ref string? error)
    {
        var rooms = new RoomRightsOptions();
        if (source.TryGetProperty("rooms", out var kinds) && IsObject(kinds, path + "rooms", Kinds, ref error))
        {
            rooms = new RoomRightsOptions
            {
                Create = ReadList(kinds, path + "rooms.", "create", ref error),
                Join = ReadList(kinds, path + "rooms.", "join", ref error),
            };
        }

        return new RightsOptions
        {
            Subscribe = ReadList(source, path, "subscribe", ref error),
            Publish = ReadList(source, path, "publish", ref error),
            History = ReadList(source, path, "history", ref error),
            Presence = ReadList(source, path, "presence", ref error),
            Rooms = rooms,
        };
    }

    private static void AddList(JsonObject json, string name, IReadOnlyList<string> patterns)
    {
        if (patterns.Count > 0)
        {
            json[name] = new JsonArray([.. patterns]);
        }
    }

    private static IReadOnlyList<string> ReadList(JsonElement source, string path, string name, ref string? error)
    {
        if (!source.TryGetProperty(name, out var array))
        {
            return [];
        }

        if (array.ValueKind == JsonValueKind.Array && array.EnumerateArray().All(static entry => entry.ValueKind == JsonValueKind.String))
        {
            return [.. array.EnumerateArray().Select(static entry => entry.GetString()!)];
        }

        error ??= $"{path}{name} is no list of texts";
        return [];
    }

    private static bool IsObject(JsonElement element, string path, string[] known, [NotNullWhen(false)] ref string? error)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            error ??= path.Length == 0 ? "no object" : $"{path} is no object";
            return false;
        }

        foreach (var member in element.EnumerateObject())
        {
            if (!known.Contains(member.Name, StringComparer.Ordinal))
            {
                var meant = Spelling.Closest(member.Name, known);
                error ??= $"{(path.Length == 0 ? "" : path + ".")}{Cut(member.Name)} is no member of it{(meant is null ? "" : $", did you mean {meant}?")}";
                return false;
            }
        }

        return true;
    }

    private static string Cut(string text) => text.Length <= LongestShown ? text : text[..LongestShown] + "...";
}
