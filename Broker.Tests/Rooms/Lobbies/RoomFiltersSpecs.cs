using System.Text;
using Broker.Node.Rooms;
using CsCheck;

namespace Broker.Tests.Rooms.Lobbies;

public sealed class RoomFiltersSpecs
{
    [Theory]
    [InlineData("", "")]
    [InlineData("{}", "")]
    [InlineData("""{"b":"x","a":1}""", "a=1 b=x")]
    [InlineData("""{"n":-1.50,"t":true,"f":false,"s":"","\u00e4":"\u00e4"}""", "f=false n=-1.50 s= t=true ä=ä")]
    public void Texts_numbers_and_truth_values_are_read_as_text(string json, string pairs) =>
        Assert.Equal(pairs, string.Join(' ', RoomFilters.Read(Encoding.UTF8.GetBytes(json))!.Pairs.Select(static pair => $"{pair.Key}={pair.Value}")));

    [Theory]
    [InlineData("[]")]
    [InlineData("1")]
    [InlineData("{")]
    [InlineData("{} {}")]
    [InlineData("""{"a":null}""")]
    [InlineData("""{"a":[]}""")]
    [InlineData("""{"a":{}}""")]
    [InlineData("""{"a":1,"a":2}""")]
    [InlineData("""{"":1}""")]
    [InlineData("""{"a":"\ud800"}""")]
    public void Anything_else_is_no_filter(string json) => Assert.Null(RoomFilters.Read(Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void Filters_have_as_many_pairs_and_characters_as_the_metadata_of_a_room()
    {
        Assert.NotNull(RoomFilters.Read(Json(16, 128)));
        Assert.Null(RoomFilters.Read(Json(17, 128)));
        Assert.Null(RoomFilters.Read(Json(16, 129)));

        static byte[] Json(int pairs, int length) =>
            Encoding.UTF8.GetBytes("{" + string.Join(',', Enumerable.Range(0, pairs).Select(pair => $"\"k{pair}\":\"{new string('x', length)}\"")) + "}");
    }

    [Fact]
    public void Equal_filters_are_equal_in_any_order_and_no_others()
    {
        var one = LobbyProbe.Filters(("a", "1"), ("b", "2"));
        Assert.Equal(one, LobbyProbe.Filters(("b", "2"), ("a", "1")));
        Assert.Equal(one.GetHashCode(), LobbyProbe.Filters(("b", "2"), ("a", "1")).GetHashCode());
        Assert.NotEqual(one, LobbyProbe.Filters(("a", "1"), ("b", "3")));
        Assert.NotEqual(LobbyProbe.Filters(("a", "11:b")), LobbyProbe.Filters(("a", "1"), ("b", "")));
        Assert.NotEqual(one, RoomFilters.None);
    }

    [Fact]
    public void Random_bytes_are_filters_or_none() =>
        Gen.Byte.Array[0, 60].Sample(static bytes => RoomFilters.Read(bytes)?.Pairs.Count is null or >= 0);
}
