namespace Broker.Node.Diagnostics;

/// <summary>Members of enumerations as values of tags: <c>TooLarge</c> is <c>too_large</c>. Made once.</summary>
internal static class MetricNames
{
    public static string Of<T>(T value)
        where T : struct, Enum => Names<T>.Of[value];

    private static string Snake(string name) =>
        string.Concat(name.Select((c, i) => char.IsUpper(c) && i > 0 ? $"_{char.ToLowerInvariant(c)}" : $"{char.ToLowerInvariant(c)}"));

    private static class Names<T>
        where T : struct, Enum
    {
        public static readonly Dictionary<T, string> Of = Enum.GetValues<T>().ToDictionary(static value => value, static value => Snake(value.ToString()));
    }
}
