namespace Broker.Bench.EndToEnd;

/// <summary>The figure that stands for several runs.</summary>
internal static class Statistics
{
    /// <summary>The middle one, or the mean of the middle two; null of none.</summary>
    public static double? Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        var middle = sorted.Length / 2;
        return sorted.Length == 0 ? null
            : sorted.Length % 2 == 1 ? sorted[middle]
            : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /// <summary>The median of the ratios within each run, so that what changes on the machine between runs does not count; null of none.</summary>
    public static double? MedianRatio(IReadOnlyDictionary<int, double> values, IReadOnlyDictionary<int, double> reference) =>
        Median(values.Where(value => reference.GetValueOrDefault(value.Key) > 0).Select(value => value.Value / reference[value.Key]));
}
