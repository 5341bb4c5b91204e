namespace Broker.Tests.Conformance;

/// <summary>Category 7: closing (RFC 6455 sections 5.5.1 and 7).</summary>
internal static class CloseCases
{
    // Section 7.4.1 and the registry, and the first and last codes of libraries (3000) and applications (4000).
    private static readonly int[] Valid = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999];

    // Section 7.4.2: 0-999 are not used, 1004-1006 must not be sent, the others are reserved.
    private static readonly int[] Invalid = [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999];

    private static readonly int[] Undefined = [5000, 65535];

    public static IEnumerable<ConformanceCase> All =>
    [
        new("7.1.1", "text, then a close", static () => Script.Echo([Step.Frame(1, "Hello there")], PeerEvent.Text("Hello there"u8))),
        new("7.1.2", "two closes", static () => Closed([Step.Close(1000), Step.Frame(8)])),
        new("7.1.3", "a ping behind the close", static () => Closed([Step.Together(Step.Close(1000), Step.Frame(9))])),
        new("7.1.4", "text behind the close", static () => Closed([Step.Together(Step.Close(1000), Step.Frame(1, "too late"))])),
        new("7.1.5", "a close inside a fragmented text", static () => Closed([Step.Together(Step.Frame(1, "one, ", fin: false), Step.Close(1000), Step.Frame(0, "two"))])),
        new("7.1.6", "256 KiB of text, more text, a close and a ping at once", LongBeforeClose),
        new("7.3.1", "a close without a code", static () => new Script([Step.Frame(8)], [], Ending.Echoes(1005, 1000))),
        new("7.3.2", "a close of one byte", static () => Refused([Step.Frame(8, "a")])),
        new("7.3.3", "a close with a code", static () => Closed([Step.Close(1000)])),
        new("7.3.4", "a close with a code and a reason", static () => Closed([Step.Close(1000, "Enough for today")])),
        new("7.3.5", "a close with a reason of 123 bytes", static () => Closed([Step.Close(1000, new string('*', 123))])),
        new("7.3.6", "a close with a reason of 124 bytes", static () => Refused([Step.Close(1000, new string('*', 124))])),
        new("7.5.1", "a close with a reason that is no UTF-8", static () => new Script([Step.Frame(8, [3, 0xE8, .. Utf8Vectors.Letters, .. Utf8Vectors.Encode(0xD800, 3)])], [], Ending.Refuses(1007, 1002))),
        .. Valid.Select(static (code, i) => new ConformanceCase($"7.7.{i + 1}", $"close code {code}", () => new Script([Step.Close(code)], [], Ending.Echoes(code)))),
        .. Invalid.Select(static (code, i) => new ConformanceCase($"7.9.{i + 1}", $"close code {code}", () => Refused([Step.Close(code)]))),
        .. Undefined.Select(static (code, i) => new ConformanceCase($"7.13.{i + 1}", $"close code {code}, which no rule mentions", () => new Script([Step.Close(code)], [], Ending.Refuses(1002, 1000, code)))),
    ];

    private static Script Closed(Step[] steps) => new(steps, [], Ending.Echoes(1000));

    private static Script Refused(Step[] steps) => new(steps, [], Ending.Refuses(1002));

    // Section 7.1.2 lets a server close at once; what came whole before the close is answered here, what comes behind it never.
    private static Script LongBeforeClose()
    {
        var text = Payloads.Of(1, 256 * 1024);
        return new Script(
            [Step.Together(Step.Frame(1, text), Step.Frame(1, "more"), Step.Close(1000), Step.Frame(9))],
            [PeerEvent.Text(text), PeerEvent.Text("more"u8)],
            Ending.Echoes(1000))
        {
            Tolerated = [],
        };
    }
}
