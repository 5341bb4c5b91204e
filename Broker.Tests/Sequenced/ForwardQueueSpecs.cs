using Broker.Node.Sequenced;

namespace Broker.Tests.Sequenced;

public sealed class ForwardQueueSpecs
{
    private readonly ForwardQueue _queue = new(new LaneId(1, 1));
    private static readonly byte[] Topic = [(byte)'t'];
    private readonly List<(long Token, PublishEnd End)> _ended = [];

    [Fact]
    public void One_that_was_sent_and_given_up_keeps_its_number_with_nothing_in_it()
    {
        Add(1);
        Add(2);
        Sent(1);
        GiveUp(1);

        Assert.Equal([(1L, PublishEnd.Timeout)], _ended);
        Assert.Equal([(1L, null), (2L, "t")], Pending());
        Assert.Null(_queue.Answer(1));
        Assert.Equal([(2L, "t")], Pending());
    }

    [Fact]
    public void One_that_was_never_sent_leaves_no_number()
    {
        Add(1);
        Add(2);
        Add(3);
        Sent(1);
        GiveUp(2);

        Assert.Equal([(1L, PublishEnd.Timeout), (2L, PublishEnd.Unavailable)], _ended);
        Assert.Equal([(1L, null), (2L, "t")], Pending());
        Assert.Equal(3, _queue.Answer(2)?.Token);
    }

    [Fact]
    public void With_the_epoch_goes_what_was_sent_and_the_rest_stays()
    {
        Add(1);
        Add(2);
        Sent(1);
        _queue.Forget(Ended);

        Assert.Equal([(1L, PublishEnd.Timeout)], _ended);
        Assert.Equal((2L, 1), (_queue.First, _queue.Count));
    }

    [Fact]
    public void An_answer_out_of_order_is_told_once_and_its_number_waits_for_those_before()
    {
        Add(1);
        Add(2);
        Sent(2);

        Assert.Equal(2, _queue.Answer(2)?.Token);
        Assert.Null(_queue.Answer(2));
        Assert.Equal(1, _queue.First);
        GiveUp(2);
        Assert.Equal([(1L, PublishEnd.Timeout)], _ended);
        Assert.Null(_queue.Answer(1));
        Assert.Equal((3L, 0), (_queue.First, _queue.Count));
    }

    [Fact]
    public void A_question_keeps_its_place_among_forwards_and_needs_no_number()
    {
        Add(1);
        var question = _queue.Add(new TopicQuery(TopicQueryKind.Barrier, Topic), TimeSpan.FromSeconds(2));
        Add(3);

        Assert.Equal([null, question.Query, null], _queue.After(0).Select(static pending => pending.Query));
        Assert.Same(question, _queue.AnswerQuestion(question.Token));
        Assert.Null(_queue.AnswerQuestion(question.Token));
        Assert.Equal([1L, 2], Pending().Select(static pending => pending.Number));
    }

    [Fact]
    public void A_question_without_an_answer_is_given_up_and_leaves_the_numbers_alone()
    {
        var question = _queue.Add(new TopicQuery(TopicQueryKind.Barrier, Topic), TimeSpan.FromSeconds(1));
        Add(2);
        GiveUp(1);

        Assert.Equal([(question.Token, PublishEnd.Unavailable)], _ended);
        Assert.Equal([(1L, "t")], Pending());
    }

    private void Add(int deadline) => _queue.Add(new Forward(default, 0, Topic), TimeSpan.FromSeconds(deadline));

    private void Sent(int count)
    {
        foreach (var pending in _queue.After(0).Take(count))
        {
            pending.IsSent = true;
        }
    }

    private void GiveUp(int now) => _queue.GiveUp(TimeSpan.FromSeconds(now), Ended);

    private void Ended(ForwardQueue.Pending pending, PublishEnd end) => _ended.Add((pending.Token, end));

    private IEnumerable<(long Number, string? Topic)> Pending() =>
        _queue.After(0).Select(static pending => pending.Forward).OfType<Forward>().Select(static forward => (forward.Number, forward.Topic is null ? null : "t"));
}
