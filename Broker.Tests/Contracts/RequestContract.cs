using Broker.Protocol.Wire;
using static Broker.Tests.Wire.WireSamples;

namespace Broker.Tests.Contracts;

/// <summary>Every request of the client table, key by key, in every format.</summary>
/// <param name="format">Writes the frames, which are shown in JSON, and shows encoded values as JSON.</param>
public abstract class RequestContract(FormatSample format)
{
    [Fact]
    public void Auth_carries_its_token()
    {
        var message = format.One("""{"type":"auth","id":1,"token":"eyJ.x.y"}""");

        Assert.Equal(ErrorCode.None, message.Error);
        Assert.Equal(ClientMessageType.Auth, message.Type);
        Assert.Equal(Number(1), message.Id);
        Assert.Equal("eyJ.x.y", Text(message.Token));
    }

    [Fact]
    public void Subscribe_carries_topic_recovery_count_presence_and_token()
    {
        var message = format.One(
            """{"type":"subscribe","id":"s1","topic":"chat.1","recover":{"epoch":"e9","offset":41},"last":300,"presence":true,"token":"t"}""");

        Assert.Equal(ErrorCode.None, message.Error);
        Assert.Equal(ClientMessageType.Subscribe, message.Type);
        Assert.Equal(Named("s1"), message.Id);
        Assert.Equal("chat.1", Text(message.Topic));
        Assert.Equal("e9", Text(message.Recover!.Value.Epoch));
        Assert.Equal(41, message.Recover.Value.Offset);
        Assert.Equal(300, message.Last);
        Assert.True(message.Presence);
        Assert.Equal("t", Text(message.Token));
    }

    [Fact]
    public void Bare_subscribe_has_the_defaults()
    {
        var message = format.One("""{"type":"subscribe","topic":"a"}""");

        Assert.False(message.Id.IsPresent);
        Assert.Null(message.Recover);
        Assert.Null(message.Last);
        Assert.False(message.Presence);
        Assert.True(message.Token.IsEmpty);
    }

    [Fact]
    public void Unsubscribe_carries_its_topic()
    {
        var message = format.One("""{"type":"unsubscribe","topic":"chat.*"}""");

        Assert.Equal(ClientMessageType.Unsubscribe, message.Type);
        Assert.Equal("chat.*", Text(message.Topic));
    }

    [Fact]
    public void Publish_carries_topic_raw_data_key_and_echo()
    {
        var message = format.One("""{ "type":"publish", "topic":"chat.1", "data": {"a":[1,2]} , "key":"k-1", "echo":false }""");

        Assert.Equal(ErrorCode.None, message.Error);
        Assert.Equal(ClientMessageType.Publish, message.Type);
        Assert.Equal("chat.1", Text(message.Topic));
        Assert.True(message.HasData);
        Assert.Equal("""{"a":[1,2]}""", format.Show(message.Data.Span));
        Assert.Equal("k-1", Text(message.Key));
        Assert.False(message.Echo);
    }

    [Theory]
    [InlineData("""{"type":"publish","topic":"a","data":1}""")]
    [InlineData("""{"type":"publish","topic":"a","data":1,"echo":true}""")]
    public void Publish_echoes_unless_told_not_to(string frame) => Assert.True(format.One(frame).Echo);

    [Fact]
    public void Publish_carries_its_entry_and_what_the_entry_must_be_at()
    {
        var message = format.One("""{"type":"publish","topic":"a","data":1,"entry":"p\u00e9","if":{"epoch":"e9","offset":41}}""");

        Assert.Equal(ErrorCode.None, message.Error);
        Assert.Equal("pé", Text(message.Entry));
        Assert.Equal(("e9", 41L), (Text(message.If!.Value.Epoch), message.If.Value.Offset));
        Assert.False(message.Remove);
        Assert.Null(message.Recover);
        Assert.Null(message.Since);
    }

    [Fact]
    public void Bare_publish_has_no_entry_and_asks_for_no_position()
    {
        var message = format.One("""{"type":"publish","topic":"a","data":1}""");

        Assert.True(message.Entry.IsEmpty);
        Assert.Null(message.If);
        Assert.False(message.Remove);
    }

    [Theory]
    [InlineData("""{"type":"publish","topic":"a","entry":"e","remove":true}""")]
    [InlineData("""{"type":"publish","topic":"a","entry":"e","remove":true,"data":{"a":1}}""")]
    [InlineData("""{"data":null,"remove":true,"entry":"e","topic":"a","type":"publish"}""")]
    public void Publish_that_removes_has_no_data_whatever_it_brought(string frame)
    {
        var message = format.One(frame);

        Assert.Equal((ErrorCode.None, true, "e"), (message.Error, message.Remove, Text(message.Entry)));
        Assert.False(message.HasData);
    }

    [Theory]
    [InlineData("""{"type":"publish","topic":"a","data":1,"remove":false}""")]
    [InlineData("""{"type":"call","method":"m","data":1,"remove":true}""")]
    public void Data_stays_where_nothing_is_removed(string frame) => Assert.Equal("1", format.Show(format.One(frame).Data.Span));

    [Fact]
    public void History_carries_position_limit_and_direction()
    {
        var message = format.One("""{"type":"history","topic":"a","since":{"epoch":"","offset":0},"limit":0,"reverse":true}""");

        Assert.Equal(ErrorCode.None, message.Error);
        Assert.Equal(ClientMessageType.History, message.Type);
        Assert.Equal(0, message.Since!.Value.Epoch.Length);
        Assert.Equal(0, message.Since.Value.Offset);
        Assert.Equal(0, message.Limit);
        Assert.True(message.Reverse);
    }

    [Fact]
    public void Presence_carries_limit_and_continuation()
    {
        var message = format.One("""{"type":"presence","topic":"a","limit":100,"after":"bob"}""");

        Assert.Equal(ClientMessageType.Presence, message.Type);
        Assert.Equal(100, message.Limit);
        Assert.Equal("bob", Text(message.After));
    }

    [Fact]
    public void Call_carries_method_data_key_and_timeout()
    {
        var message = format.One("""{"type":"call","method":"orders.place","data":{"n":1},"key":"k","timeout":5000}""");

        Assert.Equal(ErrorCode.None, message.Error);
        Assert.Equal(ClientMessageType.Call, message.Type);
        Assert.Equal("orders.place", Text(message.Method));
        Assert.Equal("""{"n":1}""", format.Show(message.Data.Span));
        Assert.Equal("k", Text(message.Key));
        Assert.Equal(5000, message.Timeout);
    }

    [Fact]
    public void Room_requests_carry_their_keys()
    {
        var join = format.One(
            """{"type":"room.join","kind":"duel","match":{"map":"x"},"options":{"size":2},"code":"ABC","token":"t","as":"spectator","data":{"name":"n"}}""");
        Assert.Equal(ErrorCode.None, join.Error);
        Assert.Equal("duel", Text(join.Kind));
        Assert.Equal("""{"map":"x"}""", format.Show(join.Match.Span));
        Assert.Equal("""{"size":2}""", format.Show(join.Options.Span));
        Assert.Equal("ABC", Text(join.Code));
        Assert.Equal("t", Text(join.Token));
        Assert.True(join.Spectator);
        Assert.Equal("""{"name":"n"}""", format.Show(join.Data.Span));

        var send = format.One("""{"type":"room.send","room":"r1","data":[1],"seq":9007199254740991,"name":"move","to":"p2"}""");
        Assert.Equal(ErrorCode.None, send.Error);
        Assert.Equal("r1", Text(send.Room));
        Assert.Equal(9007199254740991, send.Seq);
        Assert.Equal("move", Text(send.Name));
        Assert.Equal("p2", Text(send.To));

        Assert.False(format.One("""{"type":"room.join","room":"r","as":"player"}""").Spectator);
        Assert.Equal(12.5, format.One("""{"type":"match.join","kind":"k","skill":12.5}""").Skill);
    }

    [Fact]
    public void Room_join_needs_a_room_or_a_kind()
    {
        Assert.Equal(ErrorCode.None, format.One("""{"type":"room.join","room":"r"}""").Error);
        Assert.Equal(ErrorCode.None, format.One("""{"type":"room.join","kind":"k"}""").Error);
        Assert.Equal(ErrorCode.InvalidMessage, format.One("""{"type":"room.join"}""").Error);
    }

    [Fact]
    public void Every_type_has_a_smallest_request_that_decodes()
    {
        Assert.Equal(Enum.GetValues<ClientMessageType>().Length - 1, Smallest.Count);
        foreach (var (type, frame) in Smallest)
        {
            var message = format.One(frame);
            Assert.Equal((type, ErrorCode.None), (message.Type, message.Error));
        }
    }

    [Theory]
    [InlineData("null")]
    [InlineData("false")]
    [InlineData("0")]
    [InlineData("-1500.5")]
    [InlineData("18446744073709551615")]
    [InlineData("-9223372036854775808")]
    [InlineData("\"\"")]
    [InlineData("\"a\\n\u00e9\u4e16\"")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("[[],{\"\":null}]")]
    public void Data_of_any_kind_is_taken(string data)
    {
        var message = format.One($$"""{"type":"publish","data":{{data}},"topic":"a"}""");

        Assert.Equal(ErrorCode.None, message.Error);
        Assert.True(message.HasData);
        Assert.Equal(data, format.Show(message.Data.Span));
    }

    [Fact]
    public void Data_and_topic_are_slices_of_the_frame()
    {
        var frame = format.Encode("""{"type":"publish","topic":"chat.1","data":"hello"}""");
        var list = new ClientMessageList();
        Assert.Equal(ErrorCode.None, format.Codec.Decode(frame, list));

        Assert.True(frame.AsSpan().Overlaps(list[0].Topic.Span));
        Assert.True(frame.AsSpan().Overlaps(list[0].Data.Span));
    }

    [Fact]
    public void Keys_come_in_any_order() =>
        Assert.Equal(
            (ErrorCode.None, ClientMessageType.Publish),
            (format.One("""{"data":1,"topic":"a.b","id":"i","type":"publish"}""").Error, format.One("""{"data":1,"topic":"a","type":"publish"}""").Type));

    [Fact]
    public void Array_is_decoded_one_by_one_in_order()
    {
        var list = new ClientMessageList();
        var error = format.Decode("""[{"type":"ping","id":1},{"type":"subscribe","topic":"a"},{"type":"nope","id":3}]""", list);

        Assert.Equal(ErrorCode.None, error);
        Assert.Equal(3, list.Count);
        Assert.Equal((ClientMessageType.Ping, ErrorCode.None), (list[0].Type, list[0].Error));
        Assert.Equal((ClientMessageType.Subscribe, ErrorCode.None), (list[1].Type, list[1].Error));
        Assert.Equal((ErrorCode.UnknownType, Number(3)), (list[2].Error, list[2].Id));
    }

    [Fact]
    public void Reused_list_keeps_nothing_of_the_frame_before()
    {
        var list = new ClientMessageList();
        format.Decode("""{"type":"publish","id":5,"topic":"a","entry":"n","if":{"epoch":"e","offset":1},"remove":true,"key":"k","echo":false,"last":3,"token":"t"}""", list);
        format.Decode("""{"type":"publish","topic":"b","data":2}""", list);

        Assert.Equal(1, list.Count);
        Assert.False(list[0].Id.IsPresent);
        Assert.True(list[0].Key.IsEmpty);
        Assert.True(list[0].Token.IsEmpty);
        Assert.True(list[0].Echo);
        Assert.Null(list[0].Last);
        Assert.True(list[0].Entry.IsEmpty);
        Assert.Null(list[0].If);
        Assert.False(list[0].Remove);

        format.Codec.Decode("nonsense"u8.ToArray(), list);
        Assert.Equal(0, list.Count);
    }
}
