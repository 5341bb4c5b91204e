using System.Globalization;
using System.Text;
using Broker.Node.Configuration.Options;
using Broker.Node.Lanes;
using Broker.Node.Membership;
using Broker.Node.Sequenced;
using Broker.Node.Topics;
using Broker.Protocol.Wire;

namespace Broker.Node.Hosting.Application;

/// <summary>What the application asks about topics: by their lanes, as clients do.</summary>
internal sealed class TopicQuestions(TopicRules topics, SystemModule system, LanesModule lanes, Fence fence)
{
    /// <summary>Questions under way at once; one more is <see cref="QueryResult.Unavailable"/>.</summary>
    public const int MaxUnderWay = 4096;

    private int _underWay;

    public async Task<HistoryPage> HistoryAsync(string topic, HistoryQuery query, CancellationToken cancellationToken)
    {
        CheckLimit(query.Limit, nameof(query));
        var (result, answer) = await AskAsync(topic, static settings => settings.History.Size > 0, name => new TopicQuery(TopicQueryKind.History, name)
        {
            Since = query.Since?.ToInternal(),
            Limit = query.Limit,
            Reverse = query.Reverse,
        }, cancellationToken);
        if (answer is null)
        {
            return new HistoryPage(result);
        }

        var position = answer.Position.ToPublic();
        var reader = new PushReader { Epoch = position.Epoch };
        return new HistoryPage(result)
        {
            Position = position,
            Messages = [.. ReplayPage.Pushes(answer.Entries, WireFormat.Json).Select(reader.Read)],
            More = answer.More,
        };
    }

    public async Task<PresencePage> PresenceAsync(string topic, PresenceQuery query, CancellationToken cancellationToken)
    {
        CheckLimit(query.Limit, nameof(query));
        var after = 0L;
        if (query.After is not null && !long.TryParse(query.After, NumberStyles.None, CultureInfo.InvariantCulture, out after))
        {
            throw new ArgumentException($"Of no page: '{query.After}'.", nameof(query));
        }

        var (result, answer) = await AskAsync(
            topic, static settings => settings.Presence, name => new TopicQuery(TopicQueryKind.Presence, name) { Members = query.Limit, MembersAfter = after }, cancellationToken);
        if (answer?.Members is not { } members)
        {
            return new PresencePage(result);
        }

        var list = members.ToWire(WireFormat.Json);
        return new PresencePage(result)
        {
            Connections = list.Connections,
            Users = list.Users,
            Members = [.. list.Members!.Select(static member => new PresenceUser(Encoding.UTF8.GetString(member.User.Span), member.Info))],
            After = members.After > 0 ? members.After.ToString(CultureInfo.InvariantCulture) : null,
        };
    }

    private static void CheckLimit(int limit, string name)
    {
        if (limit is < 1 or > WireLimits.Messages)
        {
            throw new ArgumentOutOfRangeException(name, limit, $"The limit is 1 to {WireLimits.Messages}.");
        }
    }

    private async Task<(QueryResult Result, TopicAnswer? Answer)> AskAsync(string topic, Func<TopicOptions, bool> has, Func<byte[], TopicQuery> query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(topic);
        var name = Encoding.UTF8.GetBytes(topic);
        if (!TopicName.IsValid(name))
        {
            return (QueryResult.InvalidTopic, null);
        }

        var settings = topics.Settings.Of(name);
        if (settings.Delivery != DeliveryKind.Sequenced || !has(settings))
        {
            return (QueryResult.Unsupported, null);
        }

        var question = new ApplicationQuestion(query(name)) { IsSequenced = true };
        if (!TryPost(question))
        {
            return (QueryResult.Unavailable, null);
        }

        var ended = system.Running!.WhenTerminated;
        if (await Task.WhenAny(question.Answered, ended).WaitAsync(cancellationToken) == ended && !question.Answered.IsCompleted)
        {
            return (QueryResult.Unavailable, null);
        }

        var answer = await question.Answered;
        return answer.Error switch
        {
            // While the fence is closed others may have gone on without this node: nothing is said of what is known here.
            TopicAnswerError.None => fence.IsOpen ? (QueryResult.Ok, answer) : (QueryResult.Unavailable, null),
            TopicAnswerError.Stale => (QueryResult.StalePosition, null),
            TopicAnswerError.Limited => (QueryResult.LimitExceeded, null),
            _ => (QueryResult.Unavailable, null),
        };
    }

    private bool TryPost(ApplicationQuestion question)
    {
        if (Interlocked.Increment(ref _underWay) > MaxUnderWay || !lanes.TryPost(question))
        {
            Interlocked.Decrement(ref _underWay);
            return false;
        }

        question.Answered.ContinueWith(_ => Interlocked.Decrement(ref _underWay), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return true;
    }
}
