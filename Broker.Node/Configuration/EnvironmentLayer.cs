using System.Collections;
using System.Globalization;
using Broker.Node.Configuration.Hocon;

namespace Broker.Node.Configuration;

/// <summary>
/// Variables <c>BROKER__LISTEN__PORT</c> over any key (<c>__</c> is a dot, <c>_</c> a dash; items of arrays by number).
/// Other names that start with BROKER_ are never read: Kubernetes injects such for a service of that name.
/// </summary>
internal sealed class EnvironmentLayer
{
    private const string Prefix = "BROKER__";

    private readonly List<Override> _values = [];

    public EnvironmentLayer(IReadOnlyDictionary<string, string> environment, ConfigurationErrors errors)
    {
        foreach (var (name, value) in environment)
        {
            if (!name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            string[] path = ["broker", .. name[Prefix.Length..].ToLowerInvariant().Replace("__", ".", StringComparison.Ordinal).Replace('_', '-').Split('.')];
            if (path.Length > HoconLimits.Depth || path.Contains(""))
            {
                errors.Add($"environment {name}: not a key; broker.listen.port is {VariableFor("broker.listen.port")}");
                continue;
            }

            _values.Add(new Override(path, new HoconScalar(new HoconPosition($"environment {name}", 0), value, quoted: true)));
        }

        _values.Sort();
    }

    /// <summary>The variable that overrides a key.</summary>
    public static string VariableFor(string key) =>
        key.Replace("]", "", StringComparison.Ordinal).Replace("[", ".", StringComparison.Ordinal).Replace("-", "_", StringComparison.Ordinal)
            .Replace(".", "__", StringComparison.Ordinal).ToUpperInvariant();

    /// <summary>Puts what names no item of an array over a tree that is not resolved yet, so that substitutions see it.</summary>
    public void Put(HoconObject tree)
    {
        foreach (var value in _values.Where(value => !value.HasIndex))
        {
            tree.Put(value.Path, value.Value);
        }
    }

    /// <summary>Puts what names an item of an array over the resolved tree.</summary>
    public void PutItems(HoconObject tree, ConfigurationErrors errors)
    {
        foreach (var value in _values.Where(value => value.HasIndex))
        {
            HoconNode node = tree;
            for (var i = 0; i < value.Path.Count && !errors.Any; i++)
            {
                node = Descend(node, value, i, errors);
            }
        }
    }

    /// <summary>One step; makes what is missing. Resolved trees may share nodes, so what is changed is first copied.</summary>
    private static HoconNode Descend(HoconNode node, Override value, int i, ConfigurationErrors errors)
    {
        var key = value.Path[i];
        var next = i + 1 == value.Path.Count ? value.Value
            : Index(value.Path[i + 1]) is null ? (HoconNode)new HoconObject(value.Value.Position)
            : new HoconArray(value.Value.Position);
        var last = i + 1 == value.Path.Count;
        if (node is HoconObject parent)
        {
            next = last ? next : Copy(parent[key]) ?? next;
            parent.Replace(key, next);
        }
        else if (node is HoconArray array && Index(key) is { } index && index < array.Items.Count)
        {
            next = last ? next : Copy(array.Items[index]) ?? next;
            array.Items[index] = next;
        }
        else if (node is HoconArray growing && Index(key) == growing.Items.Count)
        {
            growing.Items.Add(next);
        }
        else
        {
            errors.Add($"{value.Value.Position}: {(node is HoconArray a ? $"the array has {a.Items.Count} items; the next is {a.Items.Count}" : "not a key: an item of something that is no array")}");
        }

        return next;
    }

    private static HoconNode? Copy(HoconNode? node)
    {
        switch (node)
        {
            case HoconObject source:
                var members = new HoconObject(source.Position);
                foreach (var (key, value) in source.Members)
                {
                    members.Replace(key, value);
                }

                return members;
            case HoconArray source:
                var items = new HoconArray(source.Position);
                items.Items.AddRange(source.Items);
                return items;
            default:
                return null;
        }
    }

    private static int? Index(string key) =>
        key.Length is > 0 and < 6 && int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? index : null;

    private sealed record Override(IReadOnlyList<string> Path, HoconScalar Value) : IComparable<Override>
    {
        public bool HasIndex => Path.Any(key => Index(key) is not null);

        /// <summary>Items in the order of their numbers, so that an array grows one by one.</summary>
        public int CompareTo(Override? other)
        {
            if (other is null)
            {
                return 1;
            }

            for (var i = 0; i < Math.Min(Path.Count, other.Path.Count); i++)
            {
                var order = Index(Path[i]) is { } a && Index(other.Path[i]) is { } b ? a.CompareTo(b) : string.CompareOrdinal(Path[i], other.Path[i]);
                if (order != 0)
                {
                    return order;
                }
            }

            return Path.Count.CompareTo(other.Path.Count);
        }
    }
}

internal static class ProcessEnvironment
{
    /// <summary>The variables of this process.</summary>
    public static IReadOnlyDictionary<string, string> Variables() =>
        Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(static e => (string)e.Key, static e => (string?)e.Value ?? "", StringComparer.Ordinal);
}
