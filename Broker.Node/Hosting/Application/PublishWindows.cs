using Broker.Node.Lanes;
using Broker.Node.Topics;

namespace Broker.Node.Hosting.Application;

/// <summary>
/// Lets a number of the application's publishes be under way at once, so that a burst of them does not lie in front of what clients ask
/// of the lanes; more of them wait, in the order of the calls. Broadcast topics share a window, of sequenced topics each partition has
/// one: where the owner of one cannot be reached, the publishes of the others go on. Thread-safe.
/// </summary>
internal sealed class PublishWindows
{
    /// <summary>Publishes of a window that are under way at once.</summary>
    public const int Concurrent = 256;

    /// <summary>Publishes of all windows that wait; one more is <see cref="PublishResult.Unavailable"/>.</summary>
    public const int MaxWaiting = 65536;

    /// <summary>Of those the publishes to one partition, so that others have room beside it.</summary>
    public const int MaxWaitingSequenced = MaxWaiting / 4;

    private readonly Window _broadcast;
    private readonly Window[] _partitions;
    private readonly LanesModule _lanes;
    private int _waiting;

    public PublishWindows(LanesModule lanes)
    {
        _lanes = lanes;
        _broadcast = new Window(this, MaxWaiting);
        _partitions = [.. Enumerable.Range(0, TopicName.Partitions).Select(_ => new Window(this, MaxWaitingSequenced))];
    }

    /// <param name="command">Its <see cref="PublishCommand.Taken"/> says when it is over.</param>
    /// <returns>False: the node is not ready, or too many wait.</returns>
    public bool TryPost(PublishCommand command) => (command.IsSequenced ? _partitions[TopicName.PartitionOf(command.TopicHash)] : _broadcast).TryPost(command);

    private sealed class Window
    {
        private readonly PublishWindows _all;
        private readonly int _maxWaiting;
        private readonly Action _release;
        private readonly Lock _gate = new();
        private int _underWay;

        /// <summary>Null: none.</summary>
        private Queue<PublishCommand>? _waiting;

        public Window(PublishWindows all, int maxWaiting) => (_all, _maxWaiting, _release) = (all, maxWaiting, Release);

        public bool TryPost(PublishCommand command)
        {
            command.Taken!.Released = _release;
            lock (_gate)
            {
                if (_underWay < Concurrent)
                {
                    if (!_all._lanes.TryPost(command))
                    {
                        return false;
                    }

                    _underWay++;
                    return true;
                }

                if (_waiting?.Count == _maxWaiting)
                {
                    return false;
                }

                if (Interlocked.Increment(ref _all._waiting) > MaxWaiting)
                {
                    Interlocked.Decrement(ref _all._waiting);
                    return false;
                }

                (_waiting ??= new Queue<PublishCommand>()).Enqueue(command);
                return true;
            }
        }

        private void Release()
        {
            lock (_gate)
            {
                if (_waiting is null)
                {
                    _underWay--;
                    return;
                }

                Interlocked.Decrement(ref _all._waiting);
                _all._lanes.Inbox.Post(_waiting.Dequeue());
                if (_waiting.Count == 0)
                {
                    // What a burst took up is not kept.
                    _waiting = null;
                }
            }
        }
    }
}
