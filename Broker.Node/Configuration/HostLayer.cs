using System.Globalization;
using Broker.Node.Configuration.Hocon;
using Microsoft.Extensions.Configuration.EnvironmentVariables;

namespace Broker.Node.Configuration;

/// <summary>
/// The section <c>Broker</c> of the configuration of an application's host: appsettings.json, user secrets, whatever the host reads. The names
/// are those of the files, as <c>max-life</c> or <c>MaxLife</c>. What the host has from the environment is left out:
/// <see cref="EnvironmentLayer"/> reads that, and stands over this layer.
/// </summary>
internal sealed class HostLayer
{
    private const string Section = "Broker";

    private readonly Dictionary<string, HostLayer> _members = new(StringComparer.Ordinal);
    private HoconPosition _position;
    private string? _value;

    /// <summary>Whether the section says who may connect.</summary>
    public bool HasAuth => _members.ContainsKey("auth");

    /// <returns>Null: the host has no such section.</returns>
    public static HostLayer? Read(IConfigurationRoot host)
    {
        var section = new HostLayer();
        var found = false;
        foreach (var provider in Providers(host).Where(static provider => provider is not EnvironmentVariablesConfigurationProvider))
        {
            found |= section.Take(provider, Section);
        }

        return found ? section : null;
    }

    /// <summary>Puts the section over a tree that is not resolved yet, so that substitutions see it.</summary>
    public void Put(HoconObject tree)
    {
        if (ToNode(tree["broker"]) is { } node)
        {
            tree.Put("broker", node);
        }
    }

    /// <summary>Later ones win, as they do in the host.</summary>
    private static IEnumerable<IConfigurationProvider> Providers(IConfigurationRoot host) =>
        host.Providers.SelectMany(static provider => provider is ChainedConfigurationProvider { Configuration: IConfigurationRoot chained } ? Providers(chained) : [provider]);

    /// <returns>Whether the provider has anything there.</returns>
    private bool Take(IConfigurationProvider provider, string path)
    {
        var found = provider.TryGet(path, out var value);
        if (found)
        {
            _value = value;
        }

        foreach (var key in provider.GetChildKeys([], path).Distinct(StringComparer.OrdinalIgnoreCase))
        {
            var name = Dashed(key);
            if (!_members.TryGetValue(name, out var member))
            {
                _members.Add(name, member = new HostLayer());
            }

            found |= member.Take(provider, $"{path}:{key}");
        }

        if (found)
        {
            _position = new HoconPosition($"{Name(provider)}, section {path}", 0);
        }

        return found;
    }

    /// <summary>The value as the files would have it.</summary>
    /// <param name="below">What the layers below have there: .NET does not tell an empty object from null, nor an empty array from an empty text.</param>
    /// <returns>Null: an object without members.</returns>
    private HoconNode? ToNode(HoconNode? below)
    {
        if (_members.Count > 0)
        {
            return _members.Keys.All(static key => Index(key) is not null) ? Items() : Members(below as HoconObject);
        }

        return _value switch
        {
            null when below is HoconObject => null,
            null => new HoconScalar(_position, "null", quoted: false),
            "" when below is HoconArray => new HoconArray(_position),
            _ => new HoconScalar(_position, _value, quoted: true),
        };
    }

    private HoconArray Items()
    {
        var array = new HoconArray(_position);
        array.Items.AddRange(_members.OrderBy(static member => Index(member.Key)).Select(static member => member.Value.ToNode(null)).OfType<HoconNode>());
        return array;
    }

    private HoconObject Members(HoconObject? below)
    {
        var members = new HoconObject(_position);
        foreach (var (key, member) in _members)
        {
            if (member.ToNode(below?[key]) is { } node)
            {
                members.Put(key, node);
            }
        }

        return members;
    }

    private static int? Index(string key) => int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? index : null;

    private static string Dashed(string key) =>
        string.Concat(key.Select((c, i) => char.IsAsciiLetterUpper(c) && i > 0 && (char.IsAsciiLetterLower(key[i - 1]) || char.IsAsciiDigit(key[i - 1])) ? $"-{c}" : $"{c}")).ToLowerInvariant();

    private static string Name(IConfigurationProvider provider) =>
        provider is FileConfigurationProvider { Source.Path: { } file } ? file : provider.GetType().Name;
}
