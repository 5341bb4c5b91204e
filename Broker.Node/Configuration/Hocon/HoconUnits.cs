using System.Globalization;

namespace Broker.Node.Configuration.Hocon;

/// <summary>Meaning of scalars: switches, durations and sizes. Units are case-sensitive where Akka's are.</summary>
internal static class HoconUnits
{
    /// <summary>Of a switch; .NET's configuration writes the <c>true</c> of a JSON file as <c>True</c>.</summary>
    public static bool? Switch(string text) => text switch
    {
        "on" or "true" or "True" => true,
        "off" or "false" or "False" => false,
        _ => null,
    };

    public static long? Integer(string text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) ? value : null;

    /// <summary>A number with <c>ms</c>, <c>s</c>, <c>m</c>, <c>h</c> or <c>d</c>; null for anything else and for what does not fit.</summary>
    public static TimeSpan? Duration(string text)
    {
        var (number, unit) = Split(text);
        decimal? ticks = unit switch
        {
            "ms" => TimeSpan.TicksPerMillisecond,
            "s" => TimeSpan.TicksPerSecond,
            "m" => TimeSpan.TicksPerMinute,
            "h" => TimeSpan.TicksPerHour,
            "d" => TimeSpan.TicksPerDay,
            _ => null,
        };
        return Scale(number, ticks) is { } value ? TimeSpan.FromTicks(value) : null;
    }

    /// <summary>Bytes: a number alone or with <c>B</c>, <c>k K Ki KiB</c> (1024), <c>kB</c> (1000), and so on to <c>g</c>, as Akka.NET reads them.</summary>
    public static long? Size(string text)
    {
        var (number, unit) = Split(text);
        decimal? bytes = unit switch
        {
            "" or "B" or "b" => 1,
            "k" or "K" or "Ki" or "KiB" => 1024,
            "kB" => 1000,
            "m" or "M" or "Mi" or "MiB" => 1024 * 1024,
            "MB" => 1000 * 1000,
            "g" or "G" or "Gi" or "GiB" => 1024 * 1024 * 1024,
            "GB" => 1000 * 1000 * 1000,
            _ => null,
        };
        return Scale(number, bytes);
    }

    private static long? Scale(string number, decimal? unit)
    {
        // 15 digits keep the product far inside decimal.
        if (unit is null || number.Length is 0 or > 15
            || !decimal.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value))
        {
            return null;
        }

        var scaled = value * unit.Value;
        return scaled <= long.MaxValue && scaled == decimal.Truncate(scaled) ? (long)scaled : null;
    }

    private static (string Number, string Unit) Split(string text)
    {
        var digits = 0;
        while (digits < text.Length && (char.IsAsciiDigit(text[digits]) || text[digits] == '.'))
        {
            digits++;
        }

        return (text[..digits], text[digits..].TrimStart(' '));
    }
}
