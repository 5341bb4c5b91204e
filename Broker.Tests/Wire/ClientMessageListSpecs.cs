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

    [Theory]
    [InlineData(2)]
    [InlineData(32)]
    [InlineData(33)]
    [InlineData(1000)]
    public void Nothing_of_an_array_is_left_in_the_next_one(int count)
    {
        var list = new ClientMessageList();
        Decode("[" + string.Join(',', Enumerable.Repeat("""{"type":"nope","id":1,"key":"k","echo":false,"last":3}""", count)) + "]", list);
        Decode("[" + string.Join(',', Enumerable.Repeat("""{"type":"ping"}""", count)) + "]", list);

        for (var i = 0; i < count; i++)
        {
            Assert.Equal((ErrorCode.None, default, 0, true, null), (list[i].Error, list[i].Id, list[i].Key.Length, list[i].Echo, list[i].Last));
        }
    }
}
