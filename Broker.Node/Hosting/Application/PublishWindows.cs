using Broker.Node.Lanes;
using Broker.Node.Topics;

namespace Broker.Node.Hosting.Application;

/// <summary>
/// Lets a number of the application's publishes be under way at once, so that a burst of them does not lie in front of what clients ask
/// of the lanes; more of them wait, in the order of the calls. Broadcast topics share a window, of sequenced topics each partition has
/// one: where the owner of one cannot be reached, the publishes of the others go on. Thread-safe.
/// </summary>
internal sealed class PublishWindows(LanesModule lanes)
{
    /// <summary>Publishes of a window that are under way at once.</summary>
    public const int Concurrent = 256;

    /// <summary>Publishes of all windows that wait; one more is <see cref="PublishResult.Unavailable"/>.</summary>
    public const int MaxWaiting = 65536;

    /// <summary>Of those the publishes to one partition, so that others have room beside it.</summary>
    public const int MaxWaitingSequenced = MaxWaiting / 4;

    private readonly Lock _gate = new();
    private readonly Window _broadcast = new(MaxWaiting);
    private readonly Window?[] _partitions = new Window?[TopicName.Partitions];
    private int _waiting;

    /// <param name="command">Its <see cref="PublishCommand.Taken"/> says when it is over.</param>
    /// <returns>False: the node is not ready, or too many wait.</returns>
    public bool TryPost(PublishCommand command)
    {
        Window window;
        lock (_gate)
        {
            window = command.IsSequenced ? _partitions[TopicName.PartitionOf(command.TopicHash)] ??= new Window(MaxWaitingSequenced) : _broadcast;
            if (window.UnderWay == Concurrent)
            {
                if (_waiting == MaxWaiting || window.Waiting?.Count == window.MaxWaiting)
                {
                    return false;
                }

                _waiting++;
                (window.Waiting ??= new Queue<PublishCommand>()).Enqueue(command);
            }
            else if (lanes.TryPost(command))
            {
                window.UnderWay++;
            }
            else
            {
                return false;
            }
        }

        command.Taken!.Task.ContinueWith(_ => OnTaken(window), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return true;
    }

    private void OnTaken(Window window)
    {
        lock (_gate)
        {
            if (window.Waiting is not { } waiting)
            {
                window.UnderWay--;
                return;
            }

            _waiting--;
            lanes.Inbox.Post(waiting.Dequeue());
            if (waiting.Count == 0)
            {
                // What a burst took up is not kept.
                window.Waiting = null;
            }
        }
    }

    private sealed class Window(int maxWaiting)
    {
        public int MaxWaiting => maxWaiting;

        public int UnderWay { get; set; }

        /// <summary>Null: none.</summary>
        public Queue<PublishCommand>? Waiting { get; set; }
    }
}
