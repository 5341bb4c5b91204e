using System.Runtime.Serialization;
using Akka.Actor;
using Broker.Node.Hosting;
using Broker.Node.Links;
using Broker.Node.Membership;
using Broker.Node.Ownership;
using Broker.Node.Transports.Sessions;
using CsCheck;

namespace Broker.Tests.Hosting;

public sealed class BrokerSerializerSpecs : IDisposable
{
    // version, lane 5, node 0x01020304, incarnation 6
    private const string CommonHead = "03 0500 04030201 0600000000000000 ";

    // and the broadcast link
    private const string Head = CommonHead + "00 ";

    // or the owned one
    private const string OwnedHead = CommonHead + "01 ";

    // version, node 0x01020304
    private const string MembershipHead = "03 04030201 ";
    private readonly ActorSystem _system = ActorSystem.Create("serializer", "akka.stdout-loglevel = OFF\nakka.loglevel = WARNING");
    private readonly BrokerSerializer _serializer;

    public BrokerSerializerSpecs() => _serializer = new BrokerSerializer((ExtendedActorSystem)_system);

    public void Dispose() => _system.Dispose();

    public static TheoryData<string, string> Golden => new()
    {
        // minor 0, 8 lanes, lowest 7, broadcast link
        { "h", CommonHead + "00 0800 0700000000000000 00" },
        // to 2, lowest 7
        { "w", Head + "0200000000000000 0700000000000000" },
        // to 2, number 9, lowest 7, entry: publish, JSON, topic "t" (1), payload of 2 bytes
        { "e", Head + "0200000000000000 0900000000000000 0700000000000000 01 00 01 74 02000000 8100" },
        // to 2, number 9, goodbye
        { "a", Head + "0200000000000000 0900000000000000 01" },
        // to 2, number 9
        { "r", Head + "0200000000000000 0900000000000000" },
        // to 2, last 9, lowest 7, no goodbye
        { "s", Head + "0200000000000000 0900000000000000 0700000000000000 00" },
        // number 9, serves
        { "p", MembershipHead + "0900000000000000 01" },
        // number 9, does not serve
        { "q", MembershipHead + "0900000000000000 00" },
        // serves, size 3, lowest "a:1"
        { "m", MembershipHead + "01 03000000 613A31" },
        // the node that asked ends
        { "n", MembershipHead + "03" },
        // version, partition 255
        { "k", "03 FF00" },
        // version, number 300, of an answer, from 2, total 5, three bytes
        { "sp", "03 AC02 01 02 05 03 070809" },
    };

    private static IBrokerMessage MessageOf(string manifest) => manifest switch
    {
        "h" => new LinkHello(5, 0x01020304, 6, LinkProtocol.Major, 0, 8, 7),
        "w" => new LinkWelcome(5, 0x01020304, 6, 2, 7),
        "e" => new LinkEnvelope(5, 0x01020304, 6, 2, 9, 7, [new byte[] { 1, 0, 1, 0x74 }, new byte[] { 2, 0, 0, 0, 0x81, 0 }]),
        "a" => new LinkAck(5, 0x01020304, 6, 2, 9, Goodbye: true),
        "r" => new LinkResend(5, 0x01020304, 6, 2, 9),
        "p" => new Pulse(0x01020304, 9, Serves: true),
        "q" => new PulseAnswer(0x01020304, 9, Serves: false),
        "m" => new Meeting(0x01020304, Serves: true, 3, "a:1"),
        "n" => new MeetingAnswer(0x01020304, MeetingVerdict.End),
        "k" => new PartitionPoke(255),
        "sp" => new SessionPart(300, IsAnswer: true, 2, 5, new byte[] { 7, 8, 9 }),
        _ => new LinkStatement(5, 0x01020304, 6, 2, 9, 7),
    };

    private static byte[] Bytes(string hex) => Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));

    [Theory]
    [MemberData(nameof(Golden))]
    public void Message_is_written_as_its_golden_bytes(string manifest, string hex)
    {
        var message = MessageOf(manifest);
        Assert.Equal(manifest, _serializer.Manifest(message));
        Assert.Equal(Bytes(hex), _serializer.ToBinary(message));
    }

    [Theory]
    [MemberData(nameof(Golden))]
    public void Golden_bytes_are_read_as_their_message(string manifest, string hex)
    {
        var read = _serializer.FromBinary(Bytes(hex), manifest);
        var expected = MessageOf(manifest);
        if (expected is LinkEnvelope envelope)
        {
            var actual = Assert.IsType<LinkEnvelope>(read);
            Assert.Equal(envelope, actual with { Body = envelope.Body });
            Assert.Equal([1, 0, 1, 0x74, 2, 0, 0, 0, 0x81, 0], actual.Body.Single().ToArray());
        }
        else if (expected is SessionPart part)
        {
            var actual = Assert.IsType<SessionPart>(read);
            Assert.Equal(part, actual with { Bytes = part.Bytes });
            Assert.Equal([7, 8, 9], actual.Bytes.ToArray());
        }
        else
        {
            Assert.Equal(expected, read);
        }
    }

    [Theory]
    [MemberData(nameof(Golden))]
    public void Truncated_bytes_are_a_serialization_exception(string manifest, string hex)
    {
        var bytes = Bytes(hex);
        for (var length = 0; length < Math.Min(bytes.Length, manifest switch { "e" => 40, "m" => 10, _ => int.MaxValue }); length++)
        {
            Assert.Throws<SerializationException>(() => _serializer.FromBinary(bytes[..length], manifest));
        }
    }

    [Theory]
    [InlineData("w")]
    [InlineData("e")]
    [InlineData("a")]
    [InlineData("r")]
    [InlineData("s")]
    [InlineData("p")]
    [InlineData("q")]
    [InlineData("m")]
    [InlineData("n")]
    [InlineData("k")]
    [InlineData("sp")]
    public void Other_major_version_is_a_serialization_exception(string manifest)
    {
        var bytes = _serializer.ToBinary(MessageOf(manifest));
        bytes[0] = LinkProtocol.Major + 1;
        Assert.Throws<SerializationException>(() => _serializer.FromBinary(bytes, manifest));
    }

    [Fact]
    public void Hello_of_any_version_can_be_read_and_may_be_longer()
    {
        byte[] bytes = [.. _serializer.ToBinary(MessageOf("h")), 1, 2, 3];
        bytes[0] = 9;
        Assert.Equal(new LinkHello(5, 0x01020304, 6, 9, 0, 8, 7), _serializer.FromBinary(bytes, "h"));

        // Version 2 named no link.
        Assert.Equal(new LinkHello(5, 0x01020304, 6, 2, 0, 8, 7), _serializer.FromBinary(Bytes("02" + CommonHead[2..] + "00 0800 0700000000000000"), "h"));
    }

    [Fact]
    public void Every_message_of_the_owned_link_says_so()
    {
        AssertGolden(new LinkHello(5, 0x01020304, 6, LinkProtocol.Major, 0, 8, 7, LinkKind.Owned), "h", CommonHead + "00 0800 0700000000000000 01");
        AssertGolden(new LinkWelcome(5, 0x01020304, 6, 2, 7, LinkKind.Owned), "w", OwnedHead + "0200000000000000 0700000000000000");
        AssertGolden(new LinkAck(5, 0x01020304, 6, 2, 9, Goodbye: true, LinkKind.Owned), "a", OwnedHead + "0200000000000000 0900000000000000 01");
        AssertGolden(new LinkResend(5, 0x01020304, 6, 2, 9, LinkKind.Owned), "r", OwnedHead + "0200000000000000 0900000000000000");
        AssertGolden(new LinkStatement(5, 0x01020304, 6, 2, 9, 7, Goodbye: true, LinkKind.Owned), "s", OwnedHead + "0200000000000000 0900000000000000 0700000000000000 01");
        var envelope = Assert.IsType<LinkEnvelope>(_serializer.FromBinary(Bytes(OwnedHead + "0200000000000000 0900000000000000 0700000000000000"), "e"));
        Assert.Equal(LinkKind.Owned, envelope.Link);
        Assert.Equal(Bytes(OwnedHead + "0200000000000000 0900000000000000 0700000000000000"), _serializer.ToBinary(envelope));
    }

    private void AssertGolden(LinkMessage message, string manifest, string hex)
    {
        Assert.Equal(Bytes(hex), _serializer.ToBinary(message));
        Assert.Equal(message, _serializer.FromBinary(Bytes(hex), manifest));
    }

    [Theory]
    [InlineData("h", "00 0800 0700000000000000 02")]
    [InlineData("w", "02 0200000000000000 0700000000000000")]
    [InlineData("e", "02 0200000000000000 0900000000000000 0700000000000000")]
    [InlineData("a", "FF 0200000000000000 0900000000000000 00")]
    public void A_link_that_does_not_exist_is_a_serialization_exception(string manifest, string hex) =>
        Assert.Throws<SerializationException>(() => _serializer.FromBinary(Bytes(CommonHead + hex), manifest));

    [Theory]
    [InlineData("e", "0200000000000000 0600000000000000 0700000000000000")]
    [InlineData("e", "0200000000000000 0900000000000000 0000000000000000")]
    [InlineData("s", "0200000000000000 0500000000000000 0700000000000000 00")]
    [InlineData("w", "0200000000000000 0000000000000000")]
    [InlineData("r", "0200000000000000 0000000000000000")]
    [InlineData("a", "0200000000000000 FFFFFFFFFFFFFFFF 00")]
    public void Impossible_numbers_are_a_serialization_exception(string manifest, string hex) =>
        Assert.Throws<SerializationException>(() => _serializer.FromBinary(Bytes(Head + hex), manifest));

    [Theory]
    [InlineData("m", "01 00000000 61")]
    [InlineData("n", "04")]
    public void Impossible_values_are_a_serialization_exception(string manifest, string hex) =>
        Assert.Throws<SerializationException>(() => _serializer.FromBinary(Bytes(MembershipHead + hex), manifest));

    [Theory]
    [InlineData("03 0001")]
    [InlineData("03 FFFF")]
    [InlineData("03 070000")]
    public void Poke_of_no_partition_is_a_serialization_exception(string hex) =>
        Assert.Throws<SerializationException>(() => _serializer.FromBinary(Bytes(hex), "k"));

    [Fact]
    public void Unknown_manifest_is_a_serialization_exception() =>
        Assert.Throws<SerializationException>(() => _serializer.FromBinary([1, 2, 3], "z"));

    [Fact]
    public void Foreign_object_is_a_serialization_exception()
    {
        Assert.Throws<SerializationException>(() => _serializer.ToBinary("text"));
        Assert.Throws<SerializationException>(() => _serializer.Manifest("text"));
    }

    [Fact]
    public void Random_bytes_are_read_or_a_serialization_exception() =>
        Gen.Select(Gen.Byte.Array[0, 80], Gen.Int[0, 10].Select(n => "hwearspqmnk"[n].ToString())).Sample((bytes, manifest) =>
        {
            try
            {
                Assert.Equal(manifest, _serializer.Manifest(_serializer.FromBinary(bytes, manifest)));
            }
            catch (SerializationException)
            {
                Assert.NotEqual(BitConverter.ToString(_serializer.ToBinary(MessageOf(manifest))), BitConverter.ToString(bytes));
            }
        });
}
