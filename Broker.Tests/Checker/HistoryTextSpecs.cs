using Broker.Tests.Checker.Making;

namespace Broker.Tests.Checker;

/// <summary>A failed run can be looked at, and checked again.</summary>
public sealed class HistoryTextSpecs
{
    [Fact]
    public void A_history_that_is_read_again_has_the_lines_it_was_written_with()
    {
        List<HistoryEvent> history = [.. Enumerable.Range(0, 20).SelectMany(HistoryGenerator.Make)];
        Assert.Equal(Enum.GetValues<EventKind>(), history.Select(static what => what.Kind).Distinct().Order());
        var text = Write(history);

        var read = HistoryText.Read(new StringReader(text));

        Assert.Equal(history.Count, read.Count);
        Assert.Equal(text, Write(read));
    }

    [Fact]
    public void An_event_is_a_line_with_the_properties_that_it_has() => Assert.Equal(
        """{"kind":"gap","at":1500,"call":7,"epoch":"e","offset":9,"from":4,"to":9}""",
        HistoryText.Line(new HistoryEvent(EventKind.Gap, 1500) { Call = 7, Epoch = "e", Offset = 9, From = 4, To = 9 }));

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("""{"kind":"nothing","at":1}""")]
    [InlineData("""{"kind":"gap","at":1,"surprise":2}""")]
    public void A_line_that_is_no_event_is_named(string line)
    {
        var error = Assert.Throws<FormatException>(() => HistoryText.Read(new StringReader($$"""{"kind":"gap","at":1}{{'\n'}}{{line}}{{'\n'}}""")));
        Assert.StartsWith("line 2: ", error.Message, StringComparison.Ordinal);
    }

    private static string Write(IEnumerable<HistoryEvent> history)
    {
        using var text = new StringWriter();
        HistoryText.Write(history, text);
        return text.ToString();
    }
}
