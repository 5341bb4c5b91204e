using System.Buffers;
using Broker.Protocol.Wire;
using Broker.Tests.Contracts;
using static Broker.Tests.Wire.WireSamples;

namespace Broker.Tests.Wire;

/// <summary>The contract of server messages, and golden bytes of each, field by field.</summary>
public sealed class MessagePackMessageSpecs() : ServerMessageContract(FormatSample.MessagePack)
{
    [Fact]
    public void Bytes_of_welcome() =>
        Golden(
            output => MessagePackWireCodec.Instance.Write(
                output,
                new WelcomeMessage("c1", "n1", 1700000000000, AuthState.Done, 25000, new WelcomeLimits(65536, 128, 60, 120))
                {
                    User = "bob",
                    Expires = 1700000003600,
                    Message = "hello",
                }),
            """
            8b  map of 11
              a4 74797065 a7 77656c636f6d65  type: "welcome"
              aa 636f6e6e656374696f6e a2 6331  connection: "c1"
              a4 6e6f6465 a2 6e31  node: "n1"
              a7 76657273696f6e 01  version: 1
              a4 74696d65 cf 0000018bcfe56800  time: uint64 1700000000000
              a4 61757468 a4 646f6e65  auth: "done"
              a4 75736572 a3 626f62  user: "bob"
              a7 65787069726573 cf 0000018bcfe57610  expires: uint64 1700000003600
              a9 686561727462656174 cd 61a8  heartbeat: uint16 25000
              a6 6c696d697473 84  limits: map of 4
                a7 6d657373616765 ce 00010000  message: uint32 65536
                ad 737562736372697074696f6e73 cc 80  subscriptions: uint8 128
                a4 72617465 3c  rate: 60
                a5 6275727374 78  burst: 120
              a7 6d657373616765 a5 68656c6c6f  message: "hello"
            """);

    [Fact]
    public void Bytes_of_authenticated() =>
        Golden(
            output => MessagePackWireCodec.Instance.Write(
                output,
                new AuthenticatedMessage(Number(7), "bob", null) { Info = new byte[] { 0x91, 0x01 } }),
            """
            85  map of 5
              a4 74797065 ad 61757468656e74696361746564  type: "authenticated"
              a2 6964 07  id: 7
              a4 75736572 a3 626f62  user: "bob"
              a7 65787069726573 c0  expires: null
              a4 696e666f 91  info: array of 1
                01  1
            """);

    [Fact]
    public void Bytes_of_subscribed() =>
        Golden(
            output => MessagePackWireCodec.Instance.Write(
                output,
                new SubscribedMessage(Named("s"), Bytes("a")) { Position = new WirePosition(Bytes("e"), 42), Recovered = true }),
            """
            86  map of 6
              a4 74797065 aa 73756273637269626564  type: "subscribed"
              a2 6964 a1 73  id: "s"
              a5 746f706963 a1 61  topic: "a"
              a5 65706f6368 a1 65  epoch: "e"
              a6 6f6666736574 2a  offset: 42
              a9 7265636f7665726564 c3  recovered: true
            """);

    [Fact]
    public void Bytes_of_unsubscribed() =>
        Golden(
            output => MessagePackWireCodec.Instance.Write(
                output,
                new UnsubscribedMessage(default, Bytes("a")) { Reason = "forbidden" }),
            """
            83  map of 3
              a4 74797065 ac 756e73756273637269626564  type: "unsubscribed"
              a5 746f706963 a1 61  topic: "a"
              a6 726561736f6e a9 666f7262696464656e  reason: "forbidden"
            """);

    [Fact]
    public void Bytes_of_published() =>
        Golden(
            output => MessagePackWireCodec.Instance.Write(
                output,
                new PublishedMessage(Number(9007199254740991), Bytes("a.b"))),
            """
            83  map of 3
              a4 74797065 a9 7075626c6973686564  type: "published"
              a2 6964 cf 001fffffffffffff  id: uint64 9007199254740991
              a5 746f706963 a3 612e62  topic: "a.b"
            """);

    [Fact]
    public void Bytes_of_history() =>
        Golden(
            output => MessagePackWireCodec.Instance.Write(
                output,
                new HistoryMessage(Number(2), Bytes("a"), new WirePosition(Bytes("e"), 300), [Push(new PushMessage("a"u8, [0x01]) { Offset = 299 })], true)),
            """
            87  map of 7
              a4 74797065 a7 686973746f7279  type: "history"
              a2 6964 02  id: 2
              a5 746f706963 a1 61  topic: "a"
              a5 65706f6368 a1 65  epoch: "e"
              a6 6f6666736574 cd 012c  offset: uint16 300
              a8 6d65737361676573 91  messages: array of 1
                82  map of 2
                  a4 64617461 01  data: 1
                  a6 6f6666736574 cd 012b  offset: uint16 299
              a4 6d6f7265 c3  more: true
            """);

    [Fact]
    public void Bytes_of_presence() =>
        Golden(
            output => MessagePackWireCodec.Instance.Write(
                output,
                new PresenceMessage(Number(2), Bytes("a"), new PresenceList(200, 1, [new PresenceMember(Bytes("bob"), new byte[] { 0x91, 0x01 })])) { After = Bytes("bob") }),
            """
            87  map of 7
              a4 74797065 a8 70726573656e6365  type: "presence"
              a2 6964 02  id: 2
              a5 746f706963 a1 61  topic: "a"
              ab 636f6e6e656374696f6e73 cc c8  connections: uint8 200
              a5 7573657273 01  users: 1
              a7 6d656d62657273 91  members: array of 1
                82  map of 2
                  a4 75736572 a3 626f62  user: "bob"
                  a4 696e666f 91  info: array of 1
                    01  1
              a5 6166746572 a3 626f62  after: "bob"
            """);

    [Fact]
    public void Bytes_of_leave() =>
        Golden(
            output => MessagePackWireCodec.Instance.Write(output, new MembersMessage(Bytes("a"), false, [new PresenceMember(Bytes("bob"))])),
            """
            83  map of 3
              a4 74797065 a5 6c65617665  type: "leave"
              a5 746f706963 a1 61  topic: "a"
              a7 6d656d62657273 91  members: array of 1
                81  map of 1
                  a4 75736572 a3 626f62  user: "bob"
            """);

    [Fact]
    public void Bytes_of_gap() =>
        Golden(
            output => MessagePackWireCodec.Instance.Write(
                output,
                new GapMessage(Bytes("a"))),
            """
            82  map of 2
              a4 74797065 a3 676170  type: "gap"
              a5 746f706963 a1 61  topic: "a"
            """);

    [Fact]
    public void Bytes_of_pong() =>
        Golden(
            output => MessagePackWireCodec.Instance.Write(
                output,
                new PongMessage(Number(1), 1700000000000)),
            """
            83  map of 3
              a4 74797065 a4 706f6e67  type: "pong"
              a2 6964 01  id: 1
              a4 74696d65 cf 0000018bcfe56800  time: uint64 1700000000000
            """);

    [Fact]
    public void Bytes_of_disconnecting() =>
        Golden(
            output => MessagePackWireCodec.Instance.Write(
                output,
                new DisconnectingMessage(DisconnectReasons.SlowConsumer, 1500)),
            """
            85  map of 5
              a4 74797065 ad 646973636f6e6e656374696e67  type: "disconnecting"
              a4 636f6465 cd 03f5  code: uint16 1013
              a6 726561736f6e ad 736c6f7720636f6e73756d6572  reason: "slow consumer"
              a9 7265636f6e6e656374 c3  reconnect: true
              a5 6166746572 cd 05dc  after: uint16 1500
            """);

    [Fact]
    public void Bytes_of_error() =>
        Golden(
            output => MessagePackWireCodec.Instance.Write(
                output,
                new ErrorMessage(ErrorCode.RateLimited, Number(3)) { Topic = Bytes("a"), RetryAfter = 250 }),
            """
            86  map of 6
              a4 74797065 a5 6572726f72  type: "error"
              a2 6964 03  id: 3
              a4 636f6465 ac 726174655f6c696d69746564  code: "rate_limited"
              a5 6572726f72 b3 52617465206c696d6974206578636565646564  error: "Rate limit exceeded"
              a5 746f706963 a1 61  topic: "a"
              aa 72657472794166746572 cc fa  retryAfter: uint8 250
            """);

    [Fact]
    public void Bytes_of_message() =>
        Golden(
            static output => output.Write(
                Push(new PushMessage("a"u8, [0xc4, 0x02, 0x01, 0xff]) { Offset = 12, FromConnection = "c1"u8, FromInfo = [0x91, 0x01], Time = 1700000000000 })),
            """
            86  map of 6
              a4 74797065 a7 6d657373616765  type: "message"
              a5 746f706963 a1 61  topic: "a"
              a4 64617461 c4 02 01ff  data: bin8, 2 bytes
              a6 6f6666736574 0c  offset: 12
              a4 66726f6d 83  from: map of 3
                a4 75736572 c0  user: null
                aa 636f6e6e656374696f6e a2 6331  connection: "c1"
                a4 696e666f 91  info: array of 1
                  01  1
              a4 74696d65 cf 0000018bcfe56800  time: uint64 1700000000000
            """);

    [Fact]
    public void Bytes_of_message_about_an_entry_that_expired() =>
        Golden(
            static output => output.Write(Push(new PushMessage("a"u8, default) { Offset = 12, Entry = "n"u8, Removed = Removal.Expired })),
            """
            85  map of 5
              a4 74797065 a7 6d657373616765  type: "message"
              a5 746f706963 a1 61  topic: "a"
              a6 6f6666736574 0c  offset: 12
              a5 656e747279 a1 6e  entry: "n"
              a7 72656d6f766564 a7 65787069726564  removed: "expired"
            """);

    [Theory]
    [InlineData(31, "bf")]
    [InlineData(32, "d920")]
    [InlineData(255, "d9ff")]
    [InlineData(256, "da0100")]
    [InlineData(65535, "daffff")]
    [InlineData(65536, "db00010000")]
    public void Text_has_the_shortest_header(int length, string header)
    {
        var output = new ArrayBufferWriter<byte>();
        MessagePackWireCodec.Instance.Write(output, new GapMessage(Bytes(new string('x', length))));

        Assert.StartsWith("82a474797065a3676170a5746f706963" + header + "78", Convert.ToHexStringLower(output.WrittenSpan), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "00")]
    [InlineData(127, "7f")]
    [InlineData(128, "cc80")]
    [InlineData(256, "cd0100")]
    [InlineData(65536, "ce00010000")]
    [InlineData(4294967296, "cf0000000100000000")]
    [InlineData(-1, "ff")]
    [InlineData(-32, "e0")]
    [InlineData(-33, "d0df")]
    [InlineData(-129, "d1ff7f")]
    [InlineData(-32769, "d2ffff7fff")]
    [InlineData(-2147483649, "d3ffffffff7fffffff")]
    public void Integer_has_the_shortest_encoding(long value, string encoded)
    {
        var output = new ArrayBufferWriter<byte>();
        MessagePackWireCodec.Instance.Write(output, new PongMessage(default, value));

        Assert.EndsWith("a474696d65" + encoded, Convert.ToHexStringLower(output.WrittenSpan), StringComparison.Ordinal);
    }

    private static byte[] Push(in PushMessage push)
    {
        var bytes = new byte[MessagePackWireCodec.Instance.MeasureMessage(push)];
        MessagePackWireCodec.Instance.WriteMessage(bytes, push);
        return bytes;
    }

    private static void Golden(Action<ArrayBufferWriter<byte>> write, string annotated)
    {
        var output = new ArrayBufferWriter<byte>();
        write(output);
        Assert.Equal(Convert.ToHexStringLower(MessagePackSamples.Annotated(annotated)), Convert.ToHexStringLower(output.WrittenSpan));
    }
}
