using Broker.Protocol.Wire;
using Broker.Tests.Contracts;
using static Broker.Tests.Wire.WireSamples;

namespace Broker.Tests.Wire;

/// <summary>The contract of requests, and golden bytes of each, field by field.</summary>
public sealed class MessagePackRequestSpecs() : RequestContract(FormatSample.MessagePack)
{
    [Fact]
    public void Bytes_of_auth()
    {
        var message = Golden("""
            83  map of 3
              a4 74797065 a4 61757468  type: "auth"
              a2 6964 01  id: 1
              a5 746f6b656e a5 612e622e63  token: "a.b.c"
            """);

        Assert.Equal((ClientMessageType.Auth, Number(1), "a.b.c"), (message.Type, message.Id, Text(message.Token)));
    }

    [Fact]
    public void Bytes_of_subscribe()
    {
        var message = Golden("""
            87  map of 7
              a4 74797065 a9 737562736372696265  type: "subscribe"
              a2 6964 a2 7331  id: "s1"
              a5 746f706963 a6 636861742e31  topic: "chat.1"
              a7 7265636f766572 82  recover: map of 2
                a5 65706f6368 a2 6539  epoch: "e9"
                a6 6f6666736574 29  offset: 41
              a4 6c617374 cd 012c  last: uint16 300
              a8 70726573656e6365 c3  presence: true
              a5 746f6b656e a1 74  token: "t"
            """);

        Assert.Equal((ClientMessageType.Subscribe, Named("s1"), "chat.1", "t"), (message.Type, message.Id, Text(message.Topic), Text(message.Token)));
        Assert.Equal(("e9", 41L), (Text(message.Recover!.Value.Epoch), message.Recover.Value.Offset));
        Assert.Equal((300, true), (message.Last, message.Presence));
    }

    [Fact]
    public void Bytes_of_unsubscribe()
    {
        var message = Golden("""
            82  map of 2
              a4 74797065 ab 756e737562736372696265  type: "unsubscribe"
              a5 746f706963 a1 61  topic: "a"
            """);

        Assert.Equal((ClientMessageType.Unsubscribe, "a"), (message.Type, Text(message.Topic)));
    }

    [Fact]
    public void Bytes_of_publish()
    {
        var message = Golden("""
            85  map of 5
              a4 74797065 a7 7075626c697368  type: "publish"
              a5 746f706963 a3 612e62  topic: "a.b"
              a4 64617461 92  data: array of 2
                01  1
                c4 02 01ff  bin8, 2 bytes
              a3 6b6579 a1 6b  key: "k"
              a4 6563686f c2  echo: false
            """);

        Assert.Equal((ClientMessageType.Publish, "a.b", "k", false), (message.Type, Text(message.Topic), Text(message.Key), message.Echo));
        Assert.Equal("9201c40201ff", Convert.ToHexStringLower(message.Data.Span));
    }

    [Fact]
    public void Bytes_of_publish_that_removes()
    {
        var message = Golden("""
            85  map of 5
              a4 74797065 a7 7075626c697368  type: "publish"
              a5 746f706963 a1 61  topic: "a"
              a5 656e747279 a1 6e  entry: "n"
              a6 72656d6f7665 c3  remove: true
              a2 6966 82  if: map of 2
                a5 65706f6368 a1 65  epoch: "e"
                a6 6f6666736574 cc c8  offset: uint8 200
            """);

        Assert.Equal((ClientMessageType.Publish, "a", "n", true), (message.Type, Text(message.Topic), Text(message.Entry), message.Remove));
        Assert.Equal(("e", 200L, false), (Text(message.If!.Value.Epoch), message.If.Value.Offset, message.HasData));
    }

    [Fact]
    public void Bytes_of_history()
    {
        var message = Golden("""
            86  map of 6
              a4 74797065 a7 686973746f7279  type: "history"
              a2 6964 cf 001fffffffffffff  id: uint64 9007199254740991
              a5 746f706963 a1 61  topic: "a"
              a5 73696e6365 82  since: map of 2
                a5 65706f6368 a1 65  epoch: "e"
                a6 6f6666736574 00  offset: 0
              a5 6c696d6974 64  limit: 100
              a7 72657665727365 c3  reverse: true
            """);

        Assert.Equal((ClientMessageType.History, Number(9007199254740991), "a"), (message.Type, message.Id, Text(message.Topic)));
        Assert.Equal(("e", 0L), (Text(message.Since!.Value.Epoch), message.Since.Value.Offset));
        Assert.Equal((100, true), (message.Limit, message.Reverse));
    }

    [Fact]
    public void Bytes_of_presence()
    {
        var message = Golden("""
            84  map of 4
              a4 74797065 a8 70726573656e6365  type: "presence"
              a5 746f706963 a1 61  topic: "a"
              a5 6c696d6974 01  limit: 1
              a5 6166746572 a3 626f62  after: "bob"
            """);

        Assert.Equal((ClientMessageType.Presence, "a", 1, "bob"), (message.Type, Text(message.Topic), message.Limit, Text(message.After)));
    }

    [Fact]
    public void Bytes_of_call()
    {
        var message = Golden("""
            86  map of 6
              a4 74797065 a4 63616c6c  type: "call"
              a2 6964 cd 012c  id: uint16 300
              a6 6d6574686f64 a1 6d  method: "m"
              a4 64617461 c0  data: null
              a3 6b6579 a1 6b  key: "k"
              a7 74696d656f7574 cd 1388  timeout: uint16 5000
            """);

        Assert.Equal((ClientMessageType.Call, Number(300), "m", "k", 5000L), (message.Type, message.Id, Text(message.Method), Text(message.Key), message.Timeout));
        Assert.Equal([0xc0], message.Data.ToArray());
    }

    [Fact]
    public void Bytes_of_ping()
    {
        var message = Golden("""
            82  map of 2
              a4 74797065 a4 70696e67  type: "ping"
              a2 6964 ce 00011170  id: uint32 70000
            """);

        Assert.Equal((ClientMessageType.Ping, Number(70000)), (message.Type, message.Id));
    }

    [Fact]
    public void Bytes_of_room_create()
    {
        var message = Golden("""
            84  map of 4
              a4 74797065 ab 726f6f6d2e637265617465  type: "room.create"
              a4 6b696e64 a4 6475656c  kind: "duel"
              a7 6f7074696f6e73 81  options: map of 1
                a4 73697a65 02  size: 2
              a4 64617461 01  data: 1
            """);

        Assert.Equal((ClientMessageType.RoomCreate, "duel"), (message.Type, Text(message.Kind)));
        Assert.Equal(("81a473697a6502", "01"), (Convert.ToHexStringLower(message.Options.Span), Convert.ToHexStringLower(message.Data.Span)));
    }

    [Fact]
    public void Bytes_of_room_join()
    {
        var message = Golden("""
            87  map of 7
              a4 74797065 a9 726f6f6d2e6a6f696e  type: "room.join"
              a4 726f6f6d a1 72  room: "r"
              a4 6b696e64 a4 6475656c  kind: "duel"
              a5 6d61746368 81  match: map of 1
                a3 6d6170 a1 78  map: "x"
              a4 636f6465 a3 414243  code: "ABC"
              a5 746f6b656e a1 74  token: "t"
              a2 6173 a9 737065637461746f72  as: "spectator"
            """);

        Assert.Equal((ClientMessageType.RoomJoin, "r", "duel", "ABC", "t"), (message.Type, Text(message.Room), Text(message.Kind), Text(message.Code), Text(message.Token)));
        Assert.Equal(("81a36d6170a178", true), (Convert.ToHexStringLower(message.Match.Span), message.Spectator));
    }

    [Fact]
    public void Bytes_of_room_leave()
    {
        var message = Golden("""
            82  map of 2
              a4 74797065 aa 726f6f6d2e6c65617665  type: "room.leave"
              a4 726f6f6d a1 72  room: "r"
            """);

        Assert.Equal((ClientMessageType.RoomLeave, "r"), (message.Type, Text(message.Room)));
    }

    [Fact]
    public void Bytes_of_room_send()
    {
        var message = Golden("""
            86  map of 6
              a4 74797065 a9 726f6f6d2e73656e64  type: "room.send"
              a4 726f6f6d a1 72  room: "r"
              a4 64617461 80  data: map of 0
              a3 736571 cc c8  seq: uint8 200
              a4 6e616d65 a4 6d6f7665  name: "move"
              a2 746f a2 7032  to: "p2"
            """);

        Assert.Equal((ClientMessageType.RoomSend, "r", 200L, "move", "p2"), (message.Type, Text(message.Room), message.Seq, Text(message.Name), Text(message.To)));
    }

    [Fact]
    public void Bytes_of_room_sync()
    {
        var message = Golden("""
            82  map of 2
              a4 74797065 a9 726f6f6d2e73796e63  type: "room.sync"
              a4 726f6f6d a1 72  room: "r"
            """);

        Assert.Equal((ClientMessageType.RoomSync, "r"), (message.Type, Text(message.Room)));
    }

    [Fact]
    public void Bytes_of_room_list()
    {
        var message = Golden("""
            84  map of 4
              a4 74797065 a9 726f6f6d2e6c697374  type: "room.list"
              a4 6b696e64 a1 6b  kind: "k"
              a5 6c696d6974 0a  limit: 10
              a5 6166746572 a1 78  after: "x"
            """);

        Assert.Equal((ClientMessageType.RoomList, "k", 10, "x"), (message.Type, Text(message.Kind), message.Limit, Text(message.After)));
    }

    [Fact]
    public void Bytes_of_match_join()
    {
        var message = Golden("""
            83  map of 3
              a4 74797065 aa 6d617463682e6a6f696e  type: "match.join"
              a4 6b696e64 a1 6b  kind: "k"
              a5 736b696c6c cb 4029000000000000  skill: float64 12.5
            """);

        Assert.Equal((ClientMessageType.MatchJoin, "k", 12.5), (message.Type, Text(message.Kind), message.Skill));
    }

    [Fact]
    public void Bytes_of_match_leave()
    {
        var message = Golden("""
            82  map of 2
              a4 74797065 ab 6d617463682e6c65617665  type: "match.leave"
              a4 6b696e64 a1 6b  kind: "k"
            """);

        Assert.Equal((ClientMessageType.MatchLeave, "k"), (message.Type, Text(message.Kind)));
    }

    private static ClientMessage Golden(string annotated)
    {
        var list = new ClientMessageList();
        Assert.Equal(ErrorCode.None, MessagePackWireCodec.Instance.Decode(MessagePackSamples.Annotated(annotated), list));
        Assert.Equal(1, list.Count);
        Assert.Equal(ErrorCode.None, list[0].Error);
        return list[0];
    }
}
