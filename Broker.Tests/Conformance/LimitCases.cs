namespace Broker.Tests.Conformance;

/// <summary>
/// Category 9: long messages, many fragments, many pieces, many messages. The count of messages in 9.7 and 9.8 is that of
/// <see cref="Exchange"/>.
/// </summary>
internal static class LimitCases
{
    private const int Mebi = 1024 * 1024;
    private static readonly int[] Sizes = [64 * 1024, 256 * 1024, Mebi, 4 * Mebi, 8 * Mebi, 16 * Mebi];
    private static readonly int[] Fragments = [64, 256, 1024, 4096, 16 * 1024, 64 * 1024, 256 * 1024, Mebi, 4 * Mebi];
    private static readonly int[] Chops = [64, 128, 256, 512, 1024, 2048];
    private static readonly int[] RoundTrips = [0, 16, 64, 256, 1024, 4096];

    public static IEnumerable<ConformanceCase> All => [.. Of(1, "text", 1), .. Of(2, "binary", 2)];

    private static IEnumerable<ConformanceCase> Of(int opcode, string kind, int offset) =>
    [
        .. Sizes.Select((size, i) => new ConformanceCase($"9.{offset}.{i + 1}", $"{kind} of {size} bytes", () => Whole(opcode, size, int.MaxValue))),
        .. Fragments.Select((size, i) => new ConformanceCase($"9.{offset + 2}.{i + 1}", $"{kind} of 4 MiB in fragments of {size} bytes", () => FragmentCases.Fragmented(opcode, Payloads.Of(opcode, 4 * Mebi), size))),
        .. Chops.Select((size, i) => new ConformanceCase($"9.{offset + 4}.{i + 1}", $"{kind} of 1 MiB in pieces of {size} bytes", () => Whole(opcode, Mebi, size))),
        .. RoundTrips.Select((size, i) => new ConformanceCase($"9.{offset + 6}.{i + 1}", $"1,000 times {kind} of {size} bytes, one after the other", () => Exchange.Script(opcode, Enumerable.Repeat(Payloads.Of(opcode, size), Exchange.Count(size)), int.MaxValue))),
    ];

    private static Script Whole(int opcode, int size, int chop)
    {
        var payload = Payloads.Of(opcode, size);
        return Script.Echo([Step.Frame(opcode, payload, chop: chop)], PeerEvent.Message(opcode, payload));
    }
}
