namespace Broker.Tests.Checker.Rules;

/// <summary>I12: what an answer says about a topic is not older than what somebody knew before the request was made.</summary>
internal static class EpochRules
{
    public static void Check(HistoryFacts facts, Report report)
    {
        Dictionary<string, TopicTime> topics = [];
        for (var line = 0; line < facts.History.Count; line++)
        {
            var what = facts.History[line];
            var request = facts.Find(what.Call);
            if (what.Epoch is null || what.Kind is EventKind.Subscribe or EventKind.History || (what.Topic ?? request?.Asked.Topic) is not { } topic || !facts.IsSequenced(topic))
            {
                continue;
            }

            topics.TryAdd(topic, new TopicTime(topic));
            if (what.Kind == EventKind.Final)
            {
                topics[topic].Answer(report, line, line, what, isNew: false);
            }
            else if (request is not null && what.Kind is EventKind.Subscribed or EventKind.Page or EventKind.Published)
            {
                if (what.Kind != EventKind.Published || !facts.IsRepeat(request))
                {
                    topics[topic].Answer(report, request!.Line, line, what, isNew: what.Kind == EventKind.Published);
                }
            }

            topics[topic].Know(line, what.Epoch, what.Offset ?? 0);
        }
    }

    private sealed class TopicTime(string topic)
    {
        private readonly Dictionary<string, EpochTime> _epochs = [];

        public void Know(int line, string epoch, long offset)
        {
            var tops = Epoch(epoch).Tops;
            if (tops.Count == 0 || offset > tops[^1].Offset)
            {
                tops.Add((line, offset));
            }
        }

        /// <param name="isNew">The offset was given to something new: it is above all that was known.</param>
        public void Answer(Report report, int asked, int line, HistoryEvent what, bool isNew)
        {
            var answered = Epoch(what.Epoch!);
            if (answered.Before(asked) is { } known)
            {
                report.Require(
                    isNew ? what.Offset > known.Offset : what.Offset >= known.Offset,
                    Invariant.EpochHonesty,
                    $"{topic} {what.Epoch} is at {what.Offset} after it was at {known.Offset}",
                    known.Line,
                    asked,
                    line);
            }

            report.Require(answered.Over >= asked, Invariant.EpochHonesty, $"{topic} is in {what.Epoch} again, which was over", Math.Min(answered.Over, asked), asked, line);

            // An epoch is over when an answer with another one came, to a request made after the epoch was answered.
            foreach (var (epoch, other) in _epochs)
            {
                if (epoch != what.Epoch && other.Answered < asked)
                {
                    other.Over = Math.Min(other.Over, line);
                }
            }

            answered.Answered = Math.Min(answered.Answered, line);
        }

        private EpochTime Epoch(string epoch)
        {
            _epochs.TryAdd(epoch, new EpochTime());
            return _epochs[epoch];
        }
    }

    private sealed class EpochTime
    {
        /// <summary>The highest offset known, from a line on.</summary>
        public List<(int Line, long Offset)> Tops { get; } = [];

        public int Answered { get; set; } = int.MaxValue;

        public int Over { get; set; } = int.MaxValue;

        public (int Line, long Offset)? Before(int line)
        {
            var found = Tops.BinarySearch((line, long.MinValue));
            var next = found < 0 ? ~found : found;
            return next > 0 ? Tops[next - 1] : null;
        }
    }
}
