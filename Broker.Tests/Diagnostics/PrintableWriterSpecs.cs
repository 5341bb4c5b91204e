using System.Globalization;
using Broker.Node.Diagnostics;

namespace Broker.Tests.Diagnostics;

public sealed class PrintableWriterSpecs
{
    [Fact]
    public void Whatever_is_not_printable_ascii_is_escaped_however_it_is_written()
    {
        using var console = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        using var writer = new PrintableWriter(console);
        writer.WriteLine("a ~\u001b[2J\u009b\u0085\r");
        writer.Write('\u007f');
        writer.Write("\u202eb\ud83d\n\t".AsSpan());
        writer.Write(['\u0007', 'c'], 0, 2);
        writer.WriteLine("{0}", "\u0000");

        Assert.Equal("a ~\\x1b[2J\\x9b\\x85\\x0d\n\\x7f\\u202eb\\ud83d\n\\x09\\x07c\\x00\n", console.ToString());
    }

    [Fact]
    public void A_part_of_a_line_stays_in_its_line() => Assert.Equal("a\\x0ab", PrintableWriter.Escape("a\nb"));
}
