using Broker.Node.Connections;
using Broker.Protocol.Http;

namespace Broker.Tests.Connections;

public sealed class BatchParameterSpecs
{
    [Theory]
    [InlineData("/ws", 0)]
    [InlineData("/ws?", 0)]
    [InlineData("/ws?token=batch", 0)]
    [InlineData("/ws?Batch=10", 0)]
    [InlineData("/ws?batch=0", 0)]
    [InlineData("/ws?batch=1", 1)]
    [InlineData("/ws?a=b&batch=10&c", 10)]
    [InlineData("/ws?batch=0010", 10)]
    [InlineData("/ws?b%61tch=%31%30", 10)]
    [InlineData("/ws?batch=1000", 1000)]
    public void Window_is_what_the_query_says(string target, int milliseconds)
    {
        Assert.True(BatchParameter.TryRead(Head(target), out var window));
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), window);
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("1001")]
    [InlineData("4294967296")]
    [InlineData("00010")]
    [InlineData("x")]
    [InlineData("")]
    [InlineData("1.5")]
    [InlineData("1e2")]
    [InlineData("0x10")]
    [InlineData("+5")]
    [InlineData("%2B5")]
    [InlineData("5%20")]
    [InlineData("5,5")]
    [InlineData("%D9%A5")]
    [InlineData("10&batch=10")]
    [InlineData("10&batch")]
    public void Anything_else_is_refused(string value) => Assert.False(BatchParameter.TryRead(Head($"/ws?batch={value}"), out _));

    [Fact]
    public void A_name_without_a_value_is_refused() => Assert.False(BatchParameter.TryRead(Head("/ws?batch"), out _));

    private static RequestHead Head(string target) => new("GET", target, 1, []);
}
