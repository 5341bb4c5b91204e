using Broker.Bench.EndToEnd;

namespace Broker.Tests.Bench;

public sealed class StatisticsSpecs
{
    [Theory]
    [InlineData(2.0, 2.0)]
    [InlineData(2.0, 9.0, 2.0, 1.0)]
    [InlineData(3.0, 4.0, 1.0, 2.0, 9.0)]
    public void The_median_is_the_middle_whatever_the_order(double expected, params double[] values) => Assert.Equal(expected, Statistics.Median(values));

    [Fact]
    public void No_numbers_have_no_median() => Assert.Null(Statistics.Median([]));

    [Fact]
    public void Ratios_are_taken_within_runs_before_their_median()
    {
        var values = new Dictionary<int, double> { [1] = 1, [2] = 20, [3] = 6 };
        var reference = new Dictionary<int, double> { [1] = 2, [2] = 10, [3] = 3 };

        // 0.5, 2, 2: the ratio of the medians, 6 to 3, is the same here, that of runs 1 and 2 alone is not.
        Assert.Equal(2, Statistics.MedianRatio(values, reference));
        Assert.Equal(1.25, Statistics.MedianRatio(new Dictionary<int, double> { [1] = 1, [2] = 20 }, reference));
    }

    [Fact]
    public void A_run_that_the_reference_failed_has_no_ratio() =>
        Assert.Null(Statistics.MedianRatio(new Dictionary<int, double> { [1] = 1 }, new Dictionary<int, double> { [2] = 1 }));
}
