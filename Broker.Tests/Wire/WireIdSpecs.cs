using Broker.Protocol.Wire;
using static Broker.Tests.Wire.WireSamples;

namespace Broker.Tests.Wire;

public sealed class WireIdSpecs
{
    [Fact]
    public void Ids_are_equal_by_kind_and_value()
    {
        Assert.Equal(Number(1), Number(1));
        Assert.Equal(Named("a"), Named("a"));
        Assert.Equal(Named("a").GetHashCode(), Named("a").GetHashCode());
        Assert.True(Number(1) == Number(1));
        Assert.True(Number(1) != Number(2));
        Assert.NotEqual(Number(1), Named("1"));
        Assert.NotEqual(default, Named(""));
        Assert.NotEqual(default, Number(0));
        Assert.False(Number(1).Equals("1"));
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData((1L << 53) - 1, true)]
    [InlineData(1L << 53, false)]
    [InlineData(-1, false)]
    public void Number_is_one_that_javascript_holds(long number, bool valid)
    {
        Assert.Equal(valid, WireId.TryCreate(number, out var id));
        Assert.Equal(valid, id.IsPresent);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(64, true)]
    [InlineData(65, false)]
    public void Text_has_at_most_64_bytes(int length, bool valid)
    {
        Assert.Equal(valid, WireId.TryCreate(new byte[length], out var id));
        Assert.Equal(valid, id.IsPresent);
    }

    [Fact]
    public void Retained_id_outlives_the_frame_it_was_read_from()
    {
        var frame = """{"type":"ping","id":"abc"}"""u8.ToArray();
        var list = new ClientMessageList();
        JsonWireCodec.Instance.Decode(frame, list);
        var retained = list[0].Id.Retain();
        frame.AsSpan().Fill((byte)'x');

        Assert.Equal(Named("abc"), retained);
        Assert.Equal(Named("xxx"), list[0].Id);
        Assert.Equal(Number(5), Number(5).Retain());
    }

    [Fact]
    public void Text_form_is_the_value()
    {
        Assert.Equal("12", Number(12).ToString());
        Assert.Equal("é", Named("é").ToString());
        Assert.Equal("", default(WireId).ToString());
    }
}
