using System.Diagnostics.CodeAnalysis;
using Broker.Node.Configuration.Options;
using Broker.Node.Topics;

namespace Broker.Node.Auth;

/// <summary>
/// Rights from the configuration, in which <c>{user}</c> stands for the subject. A rule with <c>{user}</c> matches
/// nothing for a subject that is not one legal token, and for anonymous connections.
/// </summary>
/// <remarks>Immutable and thread-safe. Rights that depend on no user are built once and shared.</remarks>
internal sealed class RightsTemplate
{
    private const string Placeholder = "{user}";

    private readonly RightsOptions _options;
    private readonly Rights _withoutUser;
    private readonly bool _dependsOnUser;

    private RightsTemplate(RightsOptions options, bool dependsOnUser)
    {
        _options = options;
        _dependsOnUser = dependsOnUser;
        _withoutUser = Build(options, null);
    }

    /// <remarks><paramref name="error"/>: What is wrong, with the path below the rights object; null on success.</remarks>
    public static bool TryCreate(RightsOptions options, [NotNullWhen(true)] out RightsTemplate? template, [NotNullWhen(false)] out string? error)
    {
        var dependsOnUser = false;
        var probe = Map(options, list => list.Select(text =>
        {
            dependsOnUser |= text.Contains(Placeholder, StringComparison.Ordinal);
            return text.Replace(Placeholder, "u", StringComparison.Ordinal);
        }));
        template = Rights.TryCreate(probe, out _, out error) ? new RightsTemplate(options, dependsOnUser) : null;
        return template is not null;
    }

    /// <remarks><paramref name="user"/>: The subject; null for an anonymous connection.</remarks>
    public Rights For(string? user) =>
        _dependsOnUser && user is not null && TopicName.IsToken(user) ? Build(_options, user) : _withoutUser;

    private static Rights Build(RightsOptions options, string? user)
    {
        var expanded = Map(options, list => Expand(list, user));
        return Rights.TryCreate(expanded, out var rights, out var error) ? rights : throw new InvalidOperationException(error);
    }

    private static IEnumerable<string> Expand(IEnumerable<string> list, string? user)
    {
        foreach (var text in list)
        {
            if (!text.Contains(Placeholder, StringComparison.Ordinal))
            {
                yield return text;
            }
            else if (user is not null
                && text.Replace(Placeholder, user, StringComparison.Ordinal) is var own
                && TopicPattern.TryParse(own, out _))
            {
                // Only a long subject can fail here: no name is long enough to match, so the rule matches nothing.
                yield return own;
            }
        }
    }

    private static RightsOptions Map(RightsOptions options, Func<IEnumerable<string>, IEnumerable<string>> map) => new()
    {
        Subscribe = [.. map(options.Subscribe)],
        Publish = [.. map(options.Publish)],
        History = [.. map(options.History)],
        Presence = [.. map(options.Presence)],
        Rooms = new RoomRightsOptions { Create = [.. map(options.Rooms.Create)], Join = [.. map(options.Rooms.Join)] },
        Deny = options.Deny is { } deny ? Map(deny, map) : null,
    };
}
