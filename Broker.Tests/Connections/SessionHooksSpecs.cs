using System.Text;
using Broker.Node.Connections;
using Broker.Node.Delivery;
using Broker.Protocol.Wire;

namespace Broker.Tests.Connections;

/// <summary>What a session keeps behind a question to the application.</summary>
public sealed class SessionHooksSpecs : IBatchOwner
{
    private int _taken;

    [Theory]
    [InlineData(1, 0, 1, 0)]
    [InlineData(33, 32, 1, 0)]
    [InlineData(34, 32, 0, 33)]
    [InlineData(4096, 32, 0, 33)]
    public void Members_behind_the_first_are_kept_decoded_up_to_a_bound(int members, int ahead, int message, int member)
    {
        var hooks = Holding(members);
        for (var i = 0; i < ahead; i++)
        {
            Assert.True(hooks.TryTakeAhead(out var kept));
            Assert.Equal(i + 1, kept.Id.Number);
        }

        Assert.False(hooks.TryTakeAhead(out _));
        Assert.True(hooks.TryTake(out var next));
        Assert.Equal((message, member), (next.Message, next.Member));
    }

    [Fact]
    public void What_is_kept_goes_with_the_connection()
    {
        var hooks = Holding(100);
        hooks.Drop();
        Assert.False(hooks.TryTakeAhead(out _));
        Assert.NotEqual(0, _taken);
    }

    void IBatchOwner.OnTaken(int bytes) => _taken += bytes;

    /// <summary>An array of messages, the first of which asks.</summary>
    private SessionHooks Holding(int members)
    {
        var batch = new MessageBatch(this);
        batch.Add(Encoding.UTF8.GetBytes($"[{string.Join(',', Enumerable.Range(0, members).Select(static i => $$"""{"type":"ping","id":{{i}}}"""))}]"));
        var decoded = new ClientMessageList();
        Assert.Equal(ErrorCode.None, JsonWireCodec.Instance.Decode(batch[0], decoded));
        var hooks = new SessionHooks(null!, null!, null!);
        hooks.Hold(batch, 0, 1, decoded);
        batch.Release();
        return hooks;
    }
}
