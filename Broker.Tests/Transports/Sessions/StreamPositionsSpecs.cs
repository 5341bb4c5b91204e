using System.Buffers;
using System.Text;
using System.Text.Json;
using Broker.Node.Transports.Sessions;

namespace Broker.Tests.Transports.Sessions;

public sealed class StreamPositionsSpecs
{
    [Fact]
    public void Client_that_asked_for_nothing_is_where_it_was_subscribed()
    {
        var positions = Read(null);
        Assert.True(Saw(positions, """{"type":"subscribed","topic":"a","epoch":"e","offset":7}"""));
        Assert.Equal("""{"a":["e",7]}""", Text(positions));
    }

    [Fact]
    public void What_was_recovered_is_behind_the_client_when_it_has_come()
    {
        var positions = Read("""{"a":["e",3],"other":["e",1]}""");
        Assert.Equal("""[{"type":"subscribe","topic":"a","recover":{"epoch":"e","offset":3}},{"type":"subscribe","topic":"b"}]""", Encoding.UTF8.GetString(positions.Subscribes()));
        Assert.False(Saw(positions, """{"type":"subscribed","topic":"a","epoch":"e","offset":7,"recovered":true}"""));
        Assert.Equal("""{"a":["e",3]}""", Text(positions));
        Assert.True(Saw(positions, """{"type":"message","topic":"a","data":{"type":"gap","offset":99},"offset":4}"""));
        Assert.Equal("""{"a":["e",4]}""", Text(positions));
    }

    [Theory]
    [InlineData("""{"type":"subscribed","topic":"a","epoch":"f","offset":7,"recovered":false}""", """{"a":["f",7]}""")]
    [InlineData("""{"type":"subscribed","topic":"a","epoch":"f","offset":7,"recovered":true,"snapshot":2}""", """{"a":["f",0]}""")]
    [InlineData("""{"type":"subscribed","topic":"a","epoch":"f","offset":7,"recovered":true,"snapshot":0}""", """{"a":["f",7]}""")]
    [InlineData("""{"type":"gap","topic":"a","epoch":"f","offset":9}""", """{"a":["f",9]}""")]
    public void Another_epoch_is_where_the_client_goes_on_from(string message, string expected)
    {
        var positions = Read("""{"a":["e",3]}""");
        Assert.True(Saw(positions, message));
        Assert.Equal(expected, Text(positions));
    }

    [Theory]
    [InlineData("""{"type":"message","topic":"a","data":1}""")]
    [InlineData("""{"type":"subscribed","topic":"a"}""")]
    [InlineData("""{"type":"gap","topic":"a"}""")]
    [InlineData("""{"type":"published","topic":"a","epoch":"e","offset":8}""")]
    [InlineData("""{"type":"welcome","connection":"c"}""")]
    public void What_says_nothing_of_a_position_changes_none(string message) => Assert.False(Saw(Read(null), message));

    [Fact]
    public void Data_as_deep_as_the_limit_is_passed_over()
    {
        var positions = Read("""{"a":["e",3]}""");
        var deep = new string('[', 64) + new string(']', 64);
        Assert.True(Saw(positions, $$"""{"type":"message","topic":"a","data":{{deep}},"offset":4}"""));
    }

    private static StreamPositions Read(string? last)
    {
        Assert.True(StreamPositions.TryRead(["a", "b", "a"], last, out var positions));
        return positions;
    }

    private static bool Saw(StreamPositions positions, string message) => positions.Saw(Encoding.UTF8.GetBytes(message));

    private static string Text(StreamPositions positions)
    {
        var output = new ArrayBufferWriter<byte>();
        positions.WriteTo(output);
        using var parsed = JsonDocument.Parse(output.WrittenMemory);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
