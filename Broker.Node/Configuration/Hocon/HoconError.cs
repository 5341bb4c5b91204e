using System.Globalization;
using System.Text;

namespace Broker.Node.Configuration.Hocon;

/// <summary>One fault in a configuration, as one line for people.</summary>
internal sealed record HoconError(HoconPosition Position, string Message)
{
    private const int Longest = 1000;

    public override string ToString() => OneLine($"{Position}: {Message}", Longest);

    /// <summary>A text without characters that end a line or steer a terminal, cut at a length.</summary>
    public static string OneLine(string text, int length = Longest)
    {
        var shown = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            if (shown.Length >= length)
            {
                return shown.Append('…').ToString();
            }

            var steers = Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Format;
            shown.Append(steers ? "?" : rune.ToString());
        }

        return shown.ToString();
    }
}
