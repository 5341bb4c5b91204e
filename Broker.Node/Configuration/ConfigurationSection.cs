using System.Diagnostics.CodeAnalysis;
using System.Net;
using Broker.Node.Configuration.Hocon;

namespace Broker.Node.Configuration;

/// <summary>
/// One object of the resolved tree while it is bound. Remembers which keys were asked for, so that <see cref="End"/> can refuse
/// the others. A missing key gives the fallback; a wrong one an error and the fallback.
/// </summary>
internal sealed class ConfigurationSection(HoconObject node, string path, ConfigurationErrors errors)
{
    private const string AnObject = "an object { … }";

    private readonly List<string> _known = [];

    public HoconObject Node => node;

    public string Text(string key, string fallback, int maxLength = 4096) =>
        Read(key, text => text.Length <= maxLength ? text : null, fallback, $"a text of at most {maxLength} characters");

    /// <summary>A secret; errors do not show it.</summary>
    public string Secret(string key) => Read(key, text => text, "", "a text", hidden: true);

    public string? OptionalText(string key, string? fallback) =>
        IsNull(key) ? null : Read(key, text => text, fallback, "a text or null");

    /// <summary>A text that a predicate accepts.</summary>
    public string Text(string key, string fallback, Func<string, bool> accept, string allowed) =>
        Read(key, text => accept(text) ? text : null, fallback, allowed);

    public string Address(string key, string fallback) =>
        Text(key, fallback, text => IPAddress.TryParse(text, out _), "an IP address (0.0.0.0 and :: are all of the machine's)");

    public int Integer(string key, int fallback, int min, int max) =>
        Read(key, text => HoconUnits.Integer(text) is { } value && value >= min && value <= max ? (int?)value : null, fallback, $"a whole number {min} to {max}")!.Value;

    public int? OptionalInteger(string key, int? fallback, int min, int max) =>
        IsNull(key) ? null : Read(key, text => HoconUnits.Integer(text) is { } value && value >= min && value <= max ? (int?)value : null, fallback, $"a whole number {min} to {max}, or null");

    public int Size(string key, int fallback, int min, int max) => (int)LongSize(key, fallback, min, max);

    public long LongSize(string key, long fallback, long min, long max) =>
        Read(key, text => HoconUnits.Size(text) is { } value && value >= min && value <= max ? (long?)value : null, fallback, $"a size {Shown(min)} to {Shown(max)} (B, k, m, g)")!.Value;

    public long? OptionalSize(string key, long? fallback, long min, long max) =>
        IsNull(key) ? null : Read(key, text => HoconUnits.Size(text) is { } value && value >= min && value <= max ? (long?)value : null, fallback, $"a size {Shown(min)} to {Shown(max)} (B, k, m, g), or null");

    public TimeSpan Duration(string key, TimeSpan fallback, TimeSpan min, TimeSpan max) =>
        Read(key, text => HoconUnits.Duration(text) is { } value && value >= min && value <= max ? (TimeSpan?)value : null, fallback, $"a duration {Shown(min)} to {Shown(max)} (ms, s, m, h, d)")!.Value;

    public bool Switch(string key, bool fallback) =>
        Read(key, HoconUnits.Switch, (bool?)fallback, "on or off")!.Value;

    /// <summary>A word of an enumeration, in lower case.</summary>
    /// <param name="key">The key.</param>
    /// <param name="fallback">Taken when the key is missing.</param>
    public T Choice<T>(string key, T fallback)
        where T : struct, Enum
    {
        var words = Enum.GetValues<T>().ToDictionary(value => value.ToString().ToLowerInvariant(), value => (T?)value, StringComparer.Ordinal);
        return Read(key, words.GetValueOrDefault, (T?)fallback, string.Join(" or ", words.Keys))!.Value;
    }

    public IReadOnlyList<string> Texts(string key, IReadOnlyList<string> fallback)
    {
        const string Allowed = "an array of texts";
        _known.Add(key);
        if (node[key] is null)
        {
            return fallback;
        }

        if (node[key] is not HoconArray array)
        {
            errors.AddValue(node[key]!, Full(key), $"{Allowed}; in the environment one variable an item, {EnvironmentLayer.VariableFor(Full(key))}__0");
            return fallback;
        }

        var texts = new List<string>();
        for (var i = 0; i < array.Items.Count; i++)
        {
            if (array.Items[i] is HoconScalar { IsNull: false } item)
            {
                texts.Add(item.Text);
            }
            else
            {
                errors.AddValue(array.Items[i], $"{Full(key)}[{i}]", "a text");
            }
        }

        return texts;
    }

    /// <summary>What the object at a key says, or the defaults where there is none.</summary>
    /// <param name="key">The key.</param>
    /// <param name="read">Asks a section for all that may stand in it, with the defaults at hand; any other key is refused.</param>
    public T Bind<T>(string key, Func<ConfigurationSection, T, T> read)
        where T : class, new() => BindOptional(key, read) ?? new T();

    /// <summary>As <see cref="Bind{T}"/>; null where there is none, or null is written.</summary>
    public T? BindOptional<T>(string key, Func<ConfigurationSection, T, T> read)
        where T : class, new()
    {
        _known.Add(key);
        return node[key] is null or HoconScalar { IsNull: true } ? null : BindObject(node[key]!, Full(key), read);
    }

    /// <summary>As <see cref="Bind{T}"/> of each object of an array.</summary>
    public IReadOnlyList<T> BindEach<T>(string key, Func<ConfigurationSection, T, T> read)
        where T : class, new()
    {
        _known.Add(key);
        if (node[key] is HoconArray array)
        {
            return [.. array.Items.Select((item, i) => BindObject(item, $"{Full(key)}[{i}]", read)).OfType<T>()];
        }

        if (node[key] is { } other)
        {
            errors.AddValue(other, Full(key), "an array of objects");
        }

        return [];
    }

    /// <summary>An object that is read elsewhere.</summary>
    public void LeaveObject(string key)
    {
        _known.Add(key);
        if (node[key] is not (null or HoconObject or HoconScalar { IsNull: true }))
        {
            errors.AddValue(node[key]!, Full(key), AnObject);
        }
    }

    /// <summary>Keys that have a meaning which is not built yet.</summary>
    public void NotSupportedYet(params IEnumerable<string> keys)
    {
        foreach (var key in keys.Where(key => node[key] is not null))
        {
            _known.Add(key);
            errors.AddValue(node[key]!, Full(key), "not supported yet by this version");
        }
    }

    /// <summary>Refuses every key nothing asked for.</summary>
    public void End()
    {
        foreach (var (key, value) in node.Members.Where(member => !_known.Contains(member.Key, StringComparer.Ordinal)))
        {
            var close = Spelling.Closest(key, _known);
            errors.Add(value, Full(key), close is null ? "unknown key" : $"unknown key, did you mean {Full(close)}?");
        }
    }

    public string Full(string key) => path.Length == 0 ? key : $"{path}.{key}";

    private T? BindObject<T>(HoconNode value, string fullKey, Func<ConfigurationSection, T, T> read)
        where T : class, new()
    {
        if (value is not HoconObject child)
        {
            errors.AddValue(value, fullKey, AnObject);
            return null;
        }

        var section = new ConfigurationSection(child, fullKey, errors);
        var bound = read(section, new T());
        section.End();
        return bound;
    }

    private bool IsNull(string key)
    {
        _known.Add(key);
        return node[key] is HoconScalar { IsNull: true };
    }

    [return: NotNullIfNotNull(nameof(fallback))]
    private T? Read<T>(string key, Func<string, T?> parse, T? fallback, string allowed, bool hidden = false)
    {
        _known.Add(key);
        if (node[key] is not { } value)
        {
            return fallback;
        }

        if (value is HoconScalar { IsNull: false } scalar && parse(scalar.Text) is { } parsed)
        {
            return parsed;
        }

        errors.AddValue(value, Full(key), allowed, hidden);
        return fallback;
    }

    private static string Shown(long bytes) => bytes switch
    {
        >= 1024 * 1024 * 1024 when bytes % (1024 * 1024 * 1024) == 0 => $"{bytes / (1024 * 1024 * 1024)}g",
        >= 1024 * 1024 when bytes % (1024 * 1024) == 0 => $"{bytes / (1024 * 1024)}m",
        >= 1024 when bytes % 1024 == 0 => $"{bytes / 1024}k",
        _ => $"{bytes}",
    };

    private static string Shown(TimeSpan time) =>
        time.Ticks % TimeSpan.TicksPerDay == 0 && time > TimeSpan.Zero ? $"{time.Days}d"
        : time.Ticks % TimeSpan.TicksPerHour == 0 && time > TimeSpan.Zero ? $"{(int)time.TotalHours}h"
        : time.Ticks % TimeSpan.TicksPerSecond == 0 ? $"{(int)time.TotalSeconds}s"
        : $"{(int)time.TotalMilliseconds}ms";
}
