using Broker.Node;
using Broker.Node.Rooms;
using Broker.Node.Sequenced;

namespace Broker.Tests.Rooms.Lobbies;

public sealed class ListedRoomsSpecs
{
    private static readonly TopicPosition Life = new(7, 3, 1);

    private readonly ListedRooms _listed = new();

    [Fact]
    public void Nothing_is_changed_before_it_is_known_what_is_kept()
    {
        _listed.Set("a", [1]);
        Assert.Null(_listed.Next());
        Begin();
        Assert.Equal(("a", "1"), Next());
        Assert.Null(_listed.Next());
    }

    [Fact]
    public void What_is_kept_of_rooms_that_are_no_more_is_removed()
    {
        _listed.Set("b", [1]);
        Begin("a", "b");
        Assert.Equal([("b", "1"), ("a", null)], [Next(), Next()]);
    }

    [Fact]
    public void What_is_kept_already_is_not_changed_again()
    {
        Begin();
        _listed.Set("a", [1]);
        Done(Next()!.Value);
        _listed.Set("a", [1]);
        Assert.Null(_listed.Next());
        _listed.Set("a", [2]);
        Assert.Equal(("a", "2"), Next());
    }

    [Fact]
    public void Change_of_a_room_waits_for_the_one_before()
    {
        Begin();
        _listed.Set("a", [1]);
        var first = Next()!.Value;
        _listed.Set("a", null);
        Assert.Null(_listed.Next());
        Done(first);
        Assert.Equal(("a", null), Next());
    }

    [Theory]
    [InlineData(PublishResult.Timeout)]
    [InlineData(PublishResult.Unavailable)]
    public void Change_that_was_not_taken_is_made_again(PublishResult result)
    {
        Begin();
        _listed.Set("a", [1]);
        Next();
        Assert.True(_listed.Done("a", [1], result, default));
        Assert.Equal(("a", "1"), Next());
    }

    [Fact]
    public void Room_without_a_place_gets_one_when_another_goes()
    {
        Begin("old");
        byte[] data = [1];
        _listed.Set("a", data);
        var old = Next()!.Value;
        Assert.Equal(("a", "1"), Next());
        Assert.True(_listed.Done("a", data, PublishResult.LimitExceeded, default));
        Assert.Null(_listed.Next());
        Done(old);
        Assert.Equal(("a", "1"), Next());
    }

    [Fact]
    public void Room_without_a_place_that_has_changed_is_tried_again()
    {
        Begin();
        _listed.Set("a", [1]);
        Next();
        _listed.Set("a", [2]);
        _listed.Done("a", [1], PublishResult.LimitExceeded, default);
        Assert.Equal(("a", "2"), Next());
    }

    [Fact]
    public void All_is_kept_anew_where_the_topic_has_lost_it()
    {
        Begin();
        _listed.Set("a", [1]);
        Done(Next()!.Value);
        Assert.True(_listed.Confirm(Life with { Offset = 9 }));
        Assert.False(_listed.Confirm(Life with { Epoch = 8 }));
        Assert.Null(_listed.Next());
        _listed.Begin(Life with { Epoch = 8 }, []);
        Assert.Equal(("a", "1"), Next());
    }

    [Fact]
    public void First_publish_of_all_begins_the_topic()
    {
        _listed.Begin(new TopicPosition(7, 0, 0), []);
        _listed.Set("a", [1]);
        Done(Next()!.Value);
        Assert.True(_listed.HasBegun);
        Assert.False(_listed.IsEmpty);
    }

    [Fact]
    public void Changes_under_way_have_a_bound()
    {
        Begin();
        for (var n = 0; n <= ListedRooms.MostUnderWay; n++)
        {
            _listed.Set($"r{n}", [1]);
        }

        for (var n = 0; n < ListedRooms.MostUnderWay; n++)
        {
            Assert.NotNull(_listed.Next());
        }

        Assert.Null(_listed.Next());
        Done(("r0", "1"));
        Assert.Equal(($"r{ListedRooms.MostUnderWay}", "1"), Next());
    }

    private void Begin(params string[] rooms) => _listed.Begin(Life, rooms);

    private (string, string?)? Next() => _listed.Next() is var (room, data) ? (room, data is null ? null : string.Concat(data)) : null;

    private void Done((string Room, string? Data) change) =>
        _listed.Done(change.Room, change.Data is null ? null : [byte.Parse(change.Data, System.Globalization.CultureInfo.InvariantCulture)], PublishResult.Published, Life);
}
