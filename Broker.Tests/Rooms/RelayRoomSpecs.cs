using Broker.Node.Rooms.Kinds;
using Broker.Rooms.Testing;

namespace Broker.Tests.Rooms;

public sealed class RelayRoomSpecs
{
    private readonly RoomTester _room = RoomTester.For<RelayRoom>().Create();

    [Fact]
    public void Message_goes_to_all_others_or_to_one()
    {
        var (ann, bob, eve) = (_room.Join(), _room.Join(), _room.Join());
        ann.Send("chat", "\"hello\"");
        ann.Send("chat", "\"psst\"", to: eve.Id);
        Assert.Empty(ann.Texts("chat"));
        Assert.Equal(["\"hello\""], bob.Texts("chat"));
        Assert.Equal(["\"hello\"", "\"psst\""], eve.Texts("chat"));
        Assert.All(eve.Events.Where(static sent => sent.Name == "chat"), sent => Assert.Equal(ann.Id, sent.From));
    }

    [Fact]
    public void Host_is_who_has_been_there_longest()
    {
        var (ann, bob, eve) = (_room.Join(), _room.Join(), _room.Join());
        Assert.Equal(["{\"player\":\"p1\"}"], ann.Texts("host"));
        ann.Drop();
        Assert.True(ann.Return());
        bob.Leave();
        Assert.Equal(["{\"player\":\"p2\"}", "{\"player\":\"p3\"}"], eve.Texts("host"));
        Assert.StartsWith("{\"host\":\"p3\"", ann.Sync().Text, StringComparison.Ordinal);
        eve.Leave();
        Assert.Equal("{\"player\":\"p1\"}", ann.Texts("host")[^1]);
    }

    [Fact]
    public void Who_comes_later_gets_the_shared_values_and_hears_of_changes()
    {
        var ann = _room.Join();
        Assert.Null(ann.Call("set", """{"key":"map","value":{"x":1}}""").FailureReason);
        ann.Call("set", """{"key":"gone","value":1}""");
        ann.Call("delete", """{"key":"gone"}""");
        var bob = _room.Join();
        Assert.Contains("\"values\":{\"map\":{\"x\":1}}", bob.State.Text, StringComparison.Ordinal);
        ann.Call("set", """{"key":"map","value":null}""");
        ann.Call("delete", """{"key":"never there"}""");
        ann.Call("delete", """{"key":"map"}""");
        Assert.Equal(["""{"key":"map","value":null}"""], bob.Texts("set"));
        Assert.Equal(["""{"key":"map"}"""], bob.Texts("delete"));
    }

    [Theory]
    [InlineData("set", null)]
    [InlineData("set", "not JSON")]
    [InlineData("set", "[]")]
    [InlineData("set", "{\"value\":1}")]
    [InlineData("set", "{\"key\":1,\"value\":1}")]
    [InlineData("set", "{\"key\":\"k\"}")]
    [InlineData("delete", "{}")]
    [InlineData("nonsense", "{}")]
    public void Nonsense_is_refused_and_the_room_goes_on(string method, string? data)
    {
        var ann = _room.Join();
        Assert.NotNull(ann.Call(method, data).FailureReason);
        Assert.Empty(_room.Reports);
    }

    [Fact]
    public void Values_have_a_bound_in_number_length_and_bytes()
    {
        var ann = _room.Join();
        Assert.NotNull(ann.Call("set", $$"""{"key":"{{new string('k', RelayRoom.MaxKey + 1)}}","value":1}""").FailureReason);
        for (var count = 0; count < RelayRoom.MaxValues; count++)
        {
            Assert.Null(ann.Call("set", $$"""{"key":"k{{count}}","value":1}""").FailureReason);
        }

        Assert.NotNull(ann.Call("set", """{"key":"more","value":1}""").FailureReason);
        Assert.Null(ann.Call("set", """{"key":"k0","value":2}""").FailureReason);
        var large = $"\"{new string('v', RelayRoom.MaxBytes)}\"";
        Assert.NotNull(ann.Call("set", $$"""{"key":"k0","value":{{large}}}""").FailureReason);
        ann.Call("delete", """{"key":"k1"}""");
        Assert.Null(ann.Call("set", """{"key":"more","value":1}""").FailureReason);
    }

    [Fact]
    public void Host_and_values_survive_a_crash()
    {
        var (ann, bob) = (_room.Join(), _room.Join());
        ann.Call("set", """{"key":"map","value":[1, 2]}""");
        ann.Leave();
        _room.CrashAndRestore();
        Assert.Equal("""{"host":"p2","values":{"map":[1,2]}}""", bob.State.Text);
        Assert.NotNull(bob.Call("set", $$"""{"key":"x","value":"{{new string('v', RelayRoom.MaxBytes - 10)}}"}""").FailureReason);
    }

    [Fact]
    public void It_is_a_function_of_what_it_is_given() => Assert.True(RoomTester.IsDeterministic<RelayRoom>(static room =>
    {
        var (ann, bob) = (room.Create().Join(), room.Join());
        bob.Call("set", """{"key":"b","value":1}""");
        ann.Call("set", """{"key":"a","value":1}""");
        ann.Drop();
    }));
}
