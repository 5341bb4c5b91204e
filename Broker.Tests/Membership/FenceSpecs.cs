using Broker.Node.Membership;
using Microsoft.Extensions.Time.Testing;

namespace Broker.Tests.Membership;

public sealed class FenceSpecs
{
    private readonly FakeTimeProvider _time = new();
    private readonly Fence _fence;
    private readonly PulseBook _book;

    public FenceSpecs()
    {
        _fence = new Fence(_time);
        _book = new PulseBook(_time);
    }

    [Fact]
    public void Fence_is_closed_until_it_is_opened_and_when_its_time_is_over()
    {
        _fence.Open(0);
        Assert.False(_fence.IsOpen);
        Assert.False(_fence.Opened.IsCompleted);
        var number = _book.Send();
        Assert.True(_book.Answered(7, number));
        _fence.Open(_book.AnsweredUntil(7));
        Assert.True(_fence.Opened.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(2.49));
        Assert.True(_fence.IsOpen);
        _time.Advance(TimeSpan.FromSeconds(0.01));
        Assert.False(_fence.IsOpen);
    }

    [Fact]
    public void Fence_closed_for_good_stays_closed()
    {
        _fence.Open(long.MaxValue);
        _fence.Close();
        _fence.Open(long.MaxValue);
        Assert.False(_fence.IsOpen);
    }

    /// <summary>What lies in the kernel's buffers when a process wakes is news to it, and old.</summary>
    [Fact]
    public void Answer_counts_from_when_its_pulse_was_sent_not_from_when_it_came()
    {
        var early = _book.Send();
        _time.Advance(TimeSpan.FromSeconds(1));
        var late = _book.Send();
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(_book.Answered(7, early));
        var ofEarly = _book.AnsweredUntil(7);
        Assert.True(_book.Answered(7, late));
        Assert.True(_book.AnsweredUntil(7) > ofEarly);
        Assert.True(_book.Answered(7, early));
        Assert.True(_book.AnsweredUntil(7) > ofEarly);
        _time.Advance(TimeSpan.FromSeconds(12));
        Assert.False(_book.Answered(8, late));
        Assert.Equal(0, _book.AnsweredUntil(8));
    }

    [Fact]
    public void Answer_to_a_pulse_that_was_never_sent_counts_nothing()
    {
        _book.Send();
        Assert.False(_book.Answered(7, 99));
        Assert.False(_book.Answered(7, -1));
        Assert.Equal(0, _book.AnsweredUntil(7));
    }

    [Fact]
    public void Peer_is_silent_three_seconds_after_its_last_pulse_was_answered()
    {
        Assert.Equal(TimeSpan.Zero, _fence.UntilSilent(7));
        _fence.Answering(7);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(TimeSpan.FromSeconds(2), _fence.UntilSilent(7));
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(TimeSpan.Zero, _fence.UntilSilent(7));
        _fence.Answering(7);
        _fence.Forget(7);
        Assert.Equal(TimeSpan.Zero, _fence.UntilSilent(7));
    }

    [Fact]
    public void Gap_of_a_removed_peer_comes_after_its_own_fence_has_closed() => Assert.True(Fence.Silence > Fence.Validity);
}
