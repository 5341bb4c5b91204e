using System.Text;
using Broker.Node.Topics;
using CsCheck;

namespace Broker.Tests.Topics;

public sealed class TopicNameSpecs
{
    [Theory]
    [InlineData("a")]
    [InlineData("chat.room1")]
    [InlineData("A.b_c.d:e@f-g.0")]
    [InlineData("constructor")]
    [InlineData("__proto__")]
    [InlineData("-")]
    public void Name_of_legal_tokens_is_valid(string name) => Assert.True(TopicName.IsValid(Encoding.UTF8.GetBytes(name)));

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData(".a")]
    [InlineData("a.")]
    [InlineData("a..b")]
    [InlineData("a/../b")]
    [InlineData("a//b")]
    [InlineData("a b")]
    [InlineData("a ")]
    [InlineData(" a")]
    [InlineData("a\0")]
    [InlineData("a\n")]
    [InlineData("%2e")]
    [InlineData("*")]
    [InlineData(">")]
    [InlineData("a.*.b")]
    [InlineData("#")]
    [InlineData("é")]
    [InlineData("e\u0301")]
    [InlineData("a\u200bb")]
    [InlineData("{user}")]
    [InlineData("$user")]
    [InlineData("a.$b")]
    public void Anything_else_is_not_a_name(string name) => Assert.False(TopicName.IsValid(Encoding.UTF8.GetBytes(name)));

    [Fact]
    public void Name_has_at_most_255_bytes()
    {
        Assert.True(TopicName.IsValid(Encoding.UTF8.GetBytes(new string('a', 255))));
        Assert.False(TopicName.IsValid(Encoding.UTF8.GetBytes(new string('a', 256))));
    }

    [Fact]
    public void Validity_agrees_with_the_grammar_as_a_regular_expression()
    {
        Gen.Char["ab.$*> é"].Array[0, 8].Select(static characters => new string(characters)).Sample(text =>
            TopicName.IsValid(Encoding.UTF8.GetBytes(text))
            == System.Text.RegularExpressions.Regex.IsMatch(text, @"\A[A-Za-z0-9_:@-]+(\.[A-Za-z0-9_:@-]+)*\z"));
    }

    [Fact]
    public void Name_with_a_leading_dollar_is_reserved()
    {
        Assert.True(TopicName.IsReserved("$user"u8));
        Assert.False(TopicName.IsReserved("a$"u8));
        Assert.False(TopicName.IsReserved(""u8));
    }

    [Theory]
    [InlineData("", 0xab3e7c0bu)]
    [InlineData("a", 0x1a80b1b3u)]
    [InlineData("b", 0x82c46232u)]
    [InlineData("chat.room1", 0xbf1c25dcu)]
    [InlineData("chat.room2", 0xdb857954u)]
    [InlineData("orders.eu-1.created", 0xeca5ce43u)]
    [InlineData("$user", 0x39b038efu)]
    public void Hash_is_the_same_on_every_version(string name, uint hash) => Assert.Equal(hash, TopicName.Hash(Encoding.UTF8.GetBytes(name)));

    [Fact]
    public void Numbered_names_spread_over_the_lanes()
    {
        var lanes = new int[8];
        for (var i = 0; i < 8000; i++)
        {
            lanes[TopicName.Lane(TopicName.Hash(Encoding.UTF8.GetBytes($"room-{i}")), lanes.Length)]++;
        }

        Assert.All(lanes, static count => Assert.InRange(count, 900, 1100));
    }

    [Theory]
    [InlineData(uint.MaxValue)]
    [InlineData(0x80000000u)]
    [InlineData(0u)]
    public void Lane_of_any_hash_is_within_range(uint hash)
    {
        for (var lanes = 1; lanes <= 64; lanes++)
        {
            Assert.InRange(TopicName.Lane(hash, lanes), 0, lanes - 1);
        }
    }
}
