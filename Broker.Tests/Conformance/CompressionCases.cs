using System.Text;

namespace Broker.Tests.Conformance;

/// <summary>
/// Categories 12 and 13: permessage-deflate (RFC 7692) with different data and with different parameters, each with messages of
/// 18 sizes and frames. The count of messages is that of <see cref="Exchange"/>.
/// </summary>
internal static class CompressionCases
{
    private const string Offer = "permessage-deflate; client_no_context_takeover; client_max_window_bits";

    // Length of a message, and of the frames it is cut to after it was compressed.
    private static readonly (int Length, int Fragment)[] Sizes =
    [
        .. new[] { 16, 64, 256, 1024, 4096, 8192, 16384, 32768, 65536, 131072 }.Select(static length => (length, int.MaxValue)),
        .. new[] { 8192, 16384, 32768, 65536, 131072 }.Select(static length => (length, 256)),
        .. new[] { 1024, 4096, 32768 }.Select(static fragment => (131072, fragment)),
    ];

    public static IEnumerable<ConformanceCase> All => [.. Data, .. Parameters];

    private static IEnumerable<ConformanceCase> Data =>
    [
        .. Group("12.1", "JSON", Offer, 1, static length => Cut(Payloads.Json, length)),
        .. Group("12.2", "a picture", Offer, 2, static length => Cut(Payloads.Image, length)),
        .. Group("12.3", "prose", Offer, 2, static length => Cut(Payloads.Prose, length)),
        .. Group("12.4", "HTML", Offer, 1, static length => Cut(Payloads.Html, length)),
        .. Group("12.5", "a document that hardly compresses", Offer, 2, static length => Cut(Payloads.Document, length)),
    ];

    private static IEnumerable<ConformanceCase> Parameters =>
    [
        .. Json(1, Offer),
        .. Json(2, With("server_no_context_takeover")),
        .. Json(3, With("server_max_window_bits=9")),
        .. Json(4, With("server_max_window_bits=15")),
        .. Json(5, With("server_no_context_takeover; server_max_window_bits=9")),
        .. Json(6, With("server_no_context_takeover; server_max_window_bits=15")),
        .. Json(7, $"{With("server_no_context_takeover; server_max_window_bits=9")}, {With("server_no_context_takeover")}, {Offer}"),
    ];

    private static string With(string parameters) => $"{Offer}; {parameters}";

    private static IEnumerable<ConformanceCase> Json(int group, string offer) => Group($"13.{group}", "JSON", offer, 1, static length => Cut(Payloads.Json, length));

    private static IEnumerable<ConformanceCase> Group(string id, string what, string offer, int opcode, Func<int, IEnumerable<byte[]>> cut) =>
        Sizes.Select((size, i) => new ConformanceCase(
            $"{id}.{i + 1}",
            $"1,000 times {what} of {size.Length}{(size.Fragment == int.MaxValue ? "" : $" in frames of {size.Fragment}")}",
            () => Exchange.Script(opcode, cut(size.Length), size.Fragment))
        {
            Offer = offer,
        });

    // Lengths of text count characters, so that none is cut.
    private static IEnumerable<byte[]> Cut(string text, int length) =>
        Starts(text.Length, length).Select(at => Encoding.UTF8.GetBytes(at + length <= text.Length ? text.Substring(at, length) : text[at..] + text[..(at + length - text.Length)]));

    private static IEnumerable<byte[]> Cut(byte[] data, int length) =>
        Starts(data.Length, length).Select(at => at + length <= data.Length ? data[at..(at + length)] : [.. data.AsSpan(at), .. data.AsSpan(0, at + length - data.Length)]);

    private static IEnumerable<int> Starts(int total, int length) => Enumerable.Range(0, Exchange.Count(length)).Select(i => (int)((long)i * length % total));
}
