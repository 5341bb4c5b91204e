using System.Threading.Channels;
using Broker.Node.Delivery;
using Broker.Node.Lanes;

namespace Broker.Tests.Support;

/// <summary>Lanes that do nothing but show what they were asked. Whoever takes a command completes it.</summary>
internal sealed class RecordingLanes : ILaneInbox
{
    private readonly Channel<LaneCommand> _posted = Channel.CreateUnbounded<LaneCommand>();
    private readonly Channel<Subscription> _left = Channel.CreateUnbounded<Subscription>();

    public int Count => 1;

    public void Post(LaneCommand command) => _posted.Writer.TryWrite(command);

    public void Leave(IEnumerable<Subscription> subscriptions)
    {
        foreach (var subscription in subscriptions)
        {
            _left.Writer.TryWrite(subscription);
        }
    }

    /// <summary>The next command, which is about a room.</summary>
    public async Task<RoomCommand> RoomAsync() => Assert.IsType<RoomCommand>(await NextAsync(_posted));

    public Task<Subscription> LeftAsync() => NextAsync(_left);

    /// <summary>Nothing was asked that nobody has taken.</summary>
    public void AssertIdle() => Assert.False(_posted.Reader.TryPeek(out _));

    private static async Task<T> NextAsync<T>(Channel<T> channel)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Deadline.Cancel);
        patience.CancelAfter(TimeSpan.FromSeconds(10));
        return await channel.Reader.ReadAsync(patience.Token);
    }
}
