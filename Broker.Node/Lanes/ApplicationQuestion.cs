using Broker.Node.Sequenced;

namespace Broker.Node.Lanes;

/// <summary>A question of the application, which gets the owner's own answer.</summary>
/// <param name="query">What is asked.</param>
internal sealed class ApplicationQuestion(TopicQuery query) : QuestionCommand(query)
{
    private readonly TaskCompletionSource<TopicAnswer> _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<TopicAnswer> Answered => _answered.Task;

    public override void Answer(TopicAnswer answer, LaneReplies replies) => _answered.TrySetResult(answer);

    /// <summary>Where nobody has answered nobody will: its lane has ended.</summary>
    public override void Complete() => _answered.TrySetResult(new TopicAnswer(0, default) { Error = TopicAnswerError.Unavailable });
}
