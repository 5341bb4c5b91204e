using Broker.Node.Configuration.Hocon;

namespace Broker.Tests.Configuration.Hocon;

public sealed class HoconUnitsSpecs
{
    [Theory]
    [InlineData("0ms", 0)]
    [InlineData("500ms", 500)]
    [InlineData("10s", 10_000)]
    [InlineData("10 s", 10_000)]
    [InlineData("1.5m", 90_000)]
    [InlineData("24h", 86_400_000)]
    [InlineData("2d", 172_800_000)]
    public void Duration_is_a_number_and_a_unit(string text, double milliseconds) =>
        Assert.Equal(milliseconds, HoconUnits.Duration(text)!.Value.TotalMilliseconds);

    [Theory]
    [InlineData("")]
    [InlineData("10")]
    [InlineData("s")]
    [InlineData("-1s")]
    [InlineData("1 minute")]
    [InlineData("1S")]
    [InlineData("1..5s")]
    [InlineData("1e3s")]
    [InlineData("infinite")]
    [InlineData("99999999999999999999d")]
    [InlineData("999999999999999d")]
    public void Anything_else_is_no_duration(string text) => Assert.Null(HoconUnits.Duration(text));

    [Theory]
    [InlineData("0", 0)]
    [InlineData("128", 128)]
    [InlineData("256B", 256)]
    [InlineData("8k", 8192)]
    [InlineData("8K", 8192)]
    [InlineData("8 KiB", 8192)]
    [InlineData("8kB", 8000)]
    [InlineData("1.5m", 1_572_864)]
    [InlineData("2MiB", 2_097_152)]
    [InlineData("1g", 1_073_741_824)]
    public void Size_is_a_number_and_perhaps_a_unit(string text, long bytes) => Assert.Equal(bytes, HoconUnits.Size(text));

    [Theory]
    [InlineData("")]
    [InlineData("k")]
    [InlineData("-1k")]
    [InlineData("1x")]
    [InlineData("1.0001k")]
    [InlineData("999999999999999g")]
    public void Anything_else_is_no_size(string text) => Assert.Null(HoconUnits.Size(text));

    [Theory]
    [InlineData("on", true)]
    [InlineData("true", true)]
    [InlineData("off", false)]
    [InlineData("false", false)]
    [InlineData("yes", null)]
    [InlineData("On", null)]
    public void Switch_is_on_off_true_or_false(string text, bool? expected) => Assert.Equal(expected, HoconUnits.Switch(text));
}
