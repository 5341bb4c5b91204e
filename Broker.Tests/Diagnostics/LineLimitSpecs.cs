using Broker.Node.Diagnostics;
using Microsoft.Extensions.Time.Testing;

namespace Broker.Tests.Diagnostics;

public sealed class LineLimitSpecs : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly List<int> _leftOut = [];
    private readonly LineLimit _limit;

    public LineLimitSpecs() => _limit = new LineLimit(10, _time, _leftOut.Add);

    public void Dispose() => _limit.Dispose();

    [Fact]
    public void So_many_lines_a_second_are_written_and_the_others_counted_once()
    {
        for (var second = 1; second <= 3; second++)
        {
            Assert.Equal(10, Take(1000));
            Assert.Equal(second - 1, _leftOut.Count);
            _time.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal(Enumerable.Repeat(990, second), _leftOut);
        }
    }

    [Fact]
    public void Fewer_lines_than_the_limit_are_all_written_and_nothing_is_told()
    {
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal(1, Take(1));
            _time.Advance(TimeSpan.FromSeconds(0.1));
        }

        Assert.Empty(_leftOut);
    }

    [Fact]
    public void The_number_left_out_is_told_a_second_after_the_first_line()
    {
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(5, Take(5));
        _time.Advance(TimeSpan.FromSeconds(0.9));
        Assert.Equal(5, Take(8));
        Assert.Empty(_leftOut);
        _time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Equal([3], _leftOut);
        Assert.Equal(10, Take(11));
    }

    private int Take(int lines) => Enumerable.Range(0, lines).Count(_ => _limit.TryTake());
}
