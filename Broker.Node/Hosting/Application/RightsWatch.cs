using System.Text;
using Broker.Node.Auth;
using Broker.Node.Configuration.Options;
using Broker.Node.Topics;

namespace Broker.Node.Hosting.Application;

/// <summary>
/// Keeps the node's <see cref="RightsTable"/> as the topics say that the cluster keeps of it. Where these have lost something, since all
/// nodes with a copy have died, the nodes that are left put back what they know.
/// </summary>
internal sealed class RightsWatch(AuthOptions options, NodeHealth health, ServerSubscriptions subscriptions, ApplicationPublishes publishes, RightsTable table, NodeLog log, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);
    private int _unheard;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Keys.Count == 0 && !options.Application.Enabled)
        {
            // Nobody has a name.
            return;
        }

        await health.ReadyForClients.WaitAsync(stoppingToken);
        await Task.WhenAll(Enumerable.Range(0, TopicName.RightsTopics).Select(number => WatchAsync(number, stoppingToken)));
    }

    private async Task WatchAsync(int number, CancellationToken stoppingToken)
    {
        var isHeard = true;
        while (true)
        {
            try
            {
                await FollowAsync(number, () => SetHeard(ref isHeard, true), stoppingToken);
            }
            catch (BrokerSubscriptionException e) when (e.Reason == SubscriptionEnd.Stopped)
            {
                return;
            }
            catch (BrokerSubscriptionException e)
            {
                if (SetHeard(ref isHeard, false) == 1)
                {
                    // The first of the topics has the line.
                    log.RightsNotHeard(e.Message);
                }

                await Task.Delay(RetryAfter, time, stoppingToken);
            }
        }
    }

    /// <returns>Topics that are not heard; 0: nothing has changed.</returns>
    private int SetHeard(ref bool isHeard, bool value)
    {
        if (isHeard == value)
        {
            return 0;
        }

        isHeard = value;
        return Interlocked.Add(ref _unheard, value ? -1 : 1);
    }

    /// <summary>Until something was missed: what is kept is read anew then.</summary>
    private async Task FollowAsync(int number, Action heard, CancellationToken stoppingToken)
    {
        var left = 0;
        HashSet<string>? kept = null;
        await foreach (var message in subscriptions.WatchAsync(TopicName.OfRights(number), stoppingToken))
        {
            switch (message.Kind)
            {
                case BrokerMessageKind.Gap:
                    return;
                case BrokerMessageKind.Subscribed:
                    heard();
                    (left, kept) = (message.Snapshot ?? 0, new HashSet<string>(StringComparer.Ordinal));
                    break;
                case BrokerMessageKind.Message:
                    Apply(message);
                    kept?.Add(message.Entry!);
                    left--;
                    break;
            }

            if (left == 0 && kept is not null)
            {
                // The snapshot is whole; what comes from now on is new.
                await PutBackAsync(number, kept, stoppingToken);
                kept = null;
            }
        }
    }

    private void Apply(BrokerMessage message)
    {
        if (message.Removed)
        {
            table.Remove(message.Entry!);
        }
        else if (RightsChange.Read(message.Data) is { } change)
        {
            table.Set(message.Entry!, change);
        }
    }

    private async Task PutBackAsync(int number, HashSet<string> kept, CancellationToken stoppingToken)
    {
        var oldest = time.GetUtcNow() - options.MaxLife - options.Skew;
        foreach (var (user, change) in table.All.Where(one => !kept.Contains(one.Key) && TopicName.RightsTopicOf(Encoding.UTF8.GetBytes(one.Key)) == number))
        {
            if (change.At < oldest)
            {
                table.Remove(user);
            }
            else
            {
                await publishes.ChangeRightsAsync(user, change.ToBytes(), isNew: true, stoppingToken);
            }
        }
    }
}
