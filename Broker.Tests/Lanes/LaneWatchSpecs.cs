using Broker.Node.Lanes;
using Microsoft.Extensions.Time.Testing;

namespace Broker.Tests.Lanes;

/// <summary>Lanes that turn, and one that does not.</summary>
public sealed class LaneWatchSpecs : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly Lane[] _lanes = new Lane[2];
    private readonly List<(int Lane, int Looks)> _stuck = [];
    private readonly LaneWatch _watch;

    public LaneWatchSpecs()
    {
        for (var i = 0; i < _lanes.Length; i++)
        {
            _lanes[i] = new Lane(_lanes);
        }

        _watch = new LaneWatch(_lanes, _time, (lane, looks) => _stuck.Add((lane, looks)));
    }

    public void Dispose() => _watch.Dispose();

    [Fact]
    public void Lane_that_does_not_turn_for_ten_looks_is_told_of()
    {
        Look(9, 0, 1);
        Look(LaneWatch.Patience - 1, 0);
        Assert.Empty(_stuck);
        Look(2, 0);
        Assert.Equal([(1, LaneWatch.Patience), (1, LaneWatch.Patience + 1)], _stuck);
    }

    [Fact]
    public void Lane_that_turns_in_time_begins_anew()
    {
        Look(1, 0, 1);
        Look(LaneWatch.Patience - 1, 0);
        Look(1, 0, 1);
        Look(LaneWatch.Patience - 1, 0);
        Assert.Empty(_stuck);
    }

    /// <summary>However long the clock says that it stood still, there was one look.</summary>
    [Fact]
    public void Process_that_stood_still_is_not_stuck()
    {
        Look(1, 0, 1);
        _time.Advance(TimeSpan.FromSeconds(60));
        Look(LaneWatch.Patience - 2, 0, 1);
        Assert.Empty(_stuck);
    }

    private void Look(int count, params int[] turning)
    {
        for (; count > 0; count--)
        {
            foreach (var lane in turning)
            {
                _lanes[lane].Turn();
            }

            _time.Advance(LaneWatch.Interval);
        }
    }
}
