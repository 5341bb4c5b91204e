namespace Broker.Tests;

public sealed class SmokeSpecs
{
    [Fact]
    public void Json_is_the_first_format() => Assert.Equal(0, (int)Broker.Protocol.Wire.WireFormat.Json);
}
