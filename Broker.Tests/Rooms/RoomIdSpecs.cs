using System.Text;
using Broker.Node.Rooms;
using Broker.Node.Topics;

namespace Broker.Tests.Rooms;

public sealed class RoomIdSpecs
{
    private const string Random = "0123456789abcdef0123456789abcdef";

    [Theory]
    [InlineData("race")]
    [InlineData("a")]
    [InlineData("a-b-")]
    [InlineData("-")]
    [InlineData("A_z:9@-x")]
    public void An_id_says_its_kind(string kind)
    {
        var id = RoomId.New(kind);
        Assert.True(RoomId.TryReadKind(id, out var read));
        Assert.Equal(kind, read);
        Assert.NotEqual(id, RoomId.New(kind));
    }

    [Fact]
    public void Longest_id_is_a_token_of_a_topics_name()
    {
        var id = RoomId.New(new string('k', 64));
        Assert.Equal(RoomId.MaxLength, id.Length);
        Assert.True(TopicName.IsToken(id));
        Assert.True(TopicName.OfRoomPushes(id).Length <= TopicName.MaxLength);
        Assert.True(TopicName.IsValid(Encoding.ASCII.GetBytes(id)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("room-004g88t")]
    [InlineData("room-389cwma")]
    [InlineData("../x")]
    [InlineData("\0")]
    [InlineData("$a")]
    [InlineData("%2F")]
    [InlineData(Random)]
    [InlineData("-" + Random)]
    [InlineData("race" + Random)]
    [InlineData("race-" + Random + "0")]
    [InlineData("race-0" + Random)]
    [InlineData("race-0123456789abcdef0123456789abcdeF")]
    [InlineData("race-0123456789abcdef0123456789abcde")]
    [InlineData("race-0123456789abcdef0123456789abcde\0")]
    [InlineData("ra.ce-" + Random)]
    [InlineData("ra*ce-" + Random)]
    [InlineData("ra/ce-" + Random)]
    [InlineData("$race-" + Random)]
    [InlineData("räce-" + Random)]
    [InlineData("race-" + Random + " ")]
    [InlineData("race-\uFF10123456789abcdef0123456789abcdef")]
    public void What_no_server_has_made_is_no_id(string room) => Assert.False(RoomId.TryReadKind(room, out _));

    [Fact]
    public void A_kind_that_is_too_long_makes_no_id()
    {
        Assert.True(RoomId.TryReadKind(new string('k', 64) + "-" + Random, out _));
        Assert.False(RoomId.TryReadKind(new string('k', 65) + "-" + Random, out _));
        Assert.False(RoomId.TryReadKind(new string('k', 10_240), out _));
    }
}
