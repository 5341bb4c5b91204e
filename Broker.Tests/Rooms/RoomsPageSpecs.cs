using System.Text.RegularExpressions;
using Broker.Rooms;
using Broker.Tests.Support;

namespace Broker.Tests.Rooms;

/// <summary>What the page about rooms shows is code that is compiled and run here.</summary>
public sealed partial class RoomsPageSpecs
{
    private static readonly string Page = File.ReadAllText(Path.Combine(SourceTree.Root, "docs", "ROOMS.md"));

    private static readonly string[] Files = ["RaceRoom.cs", "RaceRoomTests.cs"];

    [Fact]
    public void Code_of_the_page_is_that_of_the_files_that_run()
    {
        Assert.Equal(
            Files.Select(static name => File.ReadAllText(Path.Combine(SourceTree.Root, "Broker.Tests", "Rooms", "Guide", name))),
            Block().Matches(Page).Select(static match => match.Groups[1].Value).Where(static block => block.Contains("namespace", StringComparison.Ordinal)));
    }

    /// <summary>The one line that is no file: the spec says it in the page's words.</summary>
    [Fact]
    public void Line_that_registers_the_kind_registers_it()
    {
        Assert.Contains("var rooms = new RoomKinds().Add<RaceRoom>(\"race\", RaceRoom.Configure);", Page, StringComparison.Ordinal);
        var rooms = new RoomKinds().Add<MyGame.RaceRoom>("race", MyGame.RaceRoom.Configure);
        Assert.True(rooms.TryGet("race", out var kind));
        Assert.Equal(4, kind.Options.MaxPlayers);
    }

    [Theory]
    [InlineData("MaxPlayers", "16")]
    [InlineData("MaxSpectators", "0")]
    [InlineData("StepRate", "0")]
    [InlineData("Grace", "30 s")]
    [InlineData("ReservationTimeout", "15 s")]
    [InlineData("EmptyRooms", "End")]
    [InlineData("StateVersion", "1")]
    [InlineData("MaxFailures", "5")]
    [InlineData("Format", "Json")]
    public void Defaults_are_those_of_the_page(string setting, string text)
    {
        Assert.Matches($@"\| `{setting}` \| [^|]+ \| {text} \|", Page);
        var value = typeof(RoomOptions).GetProperty(setting)!.GetValue(new RoomOptions());
        Assert.Equal(text, value is TimeSpan time ? $"{time.TotalSeconds} s" : $"{value}");
    }

    [Fact]
    public void Every_setting_is_on_the_page() =>
        Assert.All(typeof(RoomOptions).GetProperties(), setting => Assert.Contains($"| `{setting.Name}` |", Page, StringComparison.Ordinal));

    [Fact]
    public void Every_bound_is_in_the_table_with_its_number()
    {
        var bounds = typeof(RoomLimits).GetFields().ToDictionary(static bound => bound.Name, static bound => $"{bound.GetRawConstantValue()}");
        var rows = Row().Matches(File.ReadAllText(Path.Combine(SourceTree.Root, "docs", "LIMITS.md"))).ToDictionary(static row => row.Groups[1].Value, static row => row.Groups[2].Value);
        Assert.Equal(bounds, rows);
    }

    [GeneratedRegex(@"^\| `([A-Z]\w+)` \| (\d+) \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("^```csharp\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();
}
