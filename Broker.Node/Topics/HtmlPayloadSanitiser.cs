using AngleSharp;
using AngleSharp.Html.Parser;
using Broker.Protocol.Wire;
using Broker.Protocol.Wire.Bridge;
using Ganss.Xss;

namespace Broker.Node.Topics;

/// <summary>
/// Takes out of texts what HTML could do harm with: scripts, handlers, styles, forms, frames, links other than http, https
/// and mailto. What has no <c>&lt;</c> has no markup and stays as it is.
/// </summary>
/// <remarks>
/// HTML's rules for unclosed formatting make n tags grow into n²/4 elements, so the bound is on tags, not bytes: 128 cost
/// 10 ms and 7 MB at most, 512 already 300 ms and 110 MB. The parser itself keeps its elements in a list and does not
/// recurse. The package's own parser also reads style sheets, and overflows the stack on values nested deep enough; styles are
/// taken out here, so nobody has to read them. Thread-safe: the one instance is never changed after its making.
/// </remarks>
internal sealed class HtmlPayloadSanitiser : IPayloadSanitiser
{
    private const char TagOpen = '<';

    private static readonly HtmlParser WithoutStyles = new(new HtmlParserOptions { IsScripting = true }, BrowsingContext.New(AngleSharp.Configuration.Default));

    private readonly HtmlSanitizer _sanitizer = new(new HtmlSanitizerOptions
    {
        AllowedTags = new HashSet<string>(StringComparer.OrdinalIgnoreCase)
        {
            "a", "abbr", "b", "blockquote", "br", "caption", "code", "col", "colgroup", "dd", "del", "div", "dl", "dt", "em",
            "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd", "li", "mark", "ol", "p", "pre",
            "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead",
            "tr", "tt", "u", "ul", "var", "wbr",
        },
        AllowedAttributes = new HashSet<string>(StringComparer.OrdinalIgnoreCase)
        {
            "alt", "align", "colspan", "dir", "height", "href", "lang", "rowspan", "src", "start", "title", "valign", "width",
        },
        UriAttributes = new HashSet<string>(StringComparer.OrdinalIgnoreCase) { "href", "src" },
        AllowedSchemes = new HashSet<string>(StringComparer.OrdinalIgnoreCase) { "http", "https", "mailto" },
    })
    {
        HtmlParserFactory = static () => WithoutStyles,
    };

    private readonly int _maxTags;

    /// <param name="maxTags">Most <c>&lt;</c> in the texts of a message.</param>
    public HtmlPayloadSanitiser(int maxTags)
    {
        _maxTags = maxTags;

        // The first use costs a fifth of a second, which no publisher is to wait for.
        _sanitizer.Sanitize("<b>");
    }

    public bool TrySanitise(WireFormat format, ReadOnlyMemory<byte> data, out ReadOnlyMemory<byte> sanitised)
    {
        var left = _maxTags;
        return WireTexts.TryReplace(
            format,
            data,
            TagOpen,
            text =>
            {
                left -= text.AsSpan().Count(TagOpen);
                return left < 0 ? null : _sanitizer.Sanitize(text);
            },
            out sanitised);
    }
}
