using Broker.Protocol.Wire;
using static Broker.Tests.Wire.WireSamples;

namespace Broker.Tests.Wire;

public sealed class ClientMessageListSpecs
{
    [Fact]
    public void Nothing_lies_beyond_its_count()
    {
        var list = new ClientMessageList();
        Assert.Throws<IndexOutOfRangeException>(() => list[0].Type);

        Decode("""[{"type":"ping"},{"type":"ping"}]""", list);
        Decode("""{"type":"ping"}""", list);
        Assert.Throws<IndexOutOfRangeException>(() => list[1].Type);
    }

    [Fact]
    public void Large_array_after_large_array_comes_out_whole()
    {
        var list = new ClientMessageList();
        for (var round = 0; round < 3; round++)
        {
            Decode("[" + string.Join(',', Enumerable.Range(0, 500).Select(i => $$"""{"type":"ping","id":{{i}}}""")) + "]", list);
            Assert.Equal(500, list.Count);
            for (var i = 0; i < 500; i++)
            {
                Assert.Equal(Number(i), list[i].Id);
            }
        }
    }
}
