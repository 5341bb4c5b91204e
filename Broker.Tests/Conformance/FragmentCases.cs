using System.Text;

namespace Broker.Tests.Conformance;

/// <summary>Categories 5 and 10: fragments (RFC 6455 section 5.4).</summary>
internal static class FragmentCases
{
    private const string First = "one, ";
    private const string Second = "two";
    private static readonly PeerEvent Whole = PeerEvent.Text("one, two"u8);

    public static IEnumerable<ConformanceCase> All =>
    [
        new("5.1", "a ping in two fragments", static () => Script.Fault(1002, [Step.Together(Step.Frame(9, First, fin: false), Step.Frame(0, Second))])),
        new("5.2", "a pong in two fragments", static () => Script.Fault(1002, [Step.Together(Step.Frame(10, First, fin: false), Step.Frame(0, Second))])),
        .. InThreeWays(3, "text in two fragments", static chop => [Step.Frame(1, First, fin: false, chop: chop), Step.Frame(0, Second, chop: chop)], static steps => Script.Echo(steps, Whole)),
        .. InThreeWays(6, "text in two fragments with a ping between", static chop => [Step.Frame(1, First, fin: false, chop: chop), Step.Frame(9, "ping", chop: chop), Step.Frame(0, Second, chop: chop)], static steps => Script.Echo(steps, PeerEvent.Pong("ping"u8), Whole)),
        .. InThreeWays(9, "the end of nothing, then text", static chop => [Step.Frame(0, First, chop: chop), Step.Frame(1, Second, chop: chop)], static steps => Script.Fault(1002, steps)),
        .. InThreeWays(12, "a continuation of nothing, then text", static chop => [Step.Frame(0, First, fin: false, chop: chop), Step.Frame(1, Second, chop: chop)], static steps => Script.Fault(1002, steps)),
        new("5.15", "text in two fragments, then a continuation of nothing, then text", static () => Script.Fault(
            1002, [Step.Together(Step.Frame(1, First, fin: false), Step.Frame(0, Second), Step.Frame(0, "three", fin: false), Step.Frame(1, "four"))], Whole)),
        new("5.16", "twice a continuation of nothing and text in two fragments", static () => Twice(fin: false)),
        new("5.17", "twice the end of nothing and text in two fragments", static () => Twice(fin: true)),
        new("5.18", "text in two fragments that are both text", static () => Script.Fault(1002, [Step.Together(Step.Frame(1, First, fin: false), Step.Frame(1, Second))])),
        new("5.19", "text in five fragments with two pings between, in two writes", static () => FiveFragments(together: true)),
        new("5.20", "text in five fragments with two pings between, frame by frame", static () => FiveFragments(together: false)),
        new("10.1.1", "text of 65536 bytes in fragments of 1300", static () => Fragmented(1, Payloads.Of(1, 65536), 1300)),
    ];

    public static Script Fragmented(int opcode, byte[] payload, int fragment) =>
        Script.Echo([new Step.Message(opcode, payload, fragment)], PeerEvent.Message(opcode, payload));

    private static IEnumerable<ConformanceCase> InThreeWays(int number, string title, Func<int, Step[]> steps, Func<Step[], Script> script) =>
    [
        new($"5.{number}", title + ", at once", () => script([Step.Together(steps(int.MaxValue))])),
        new($"5.{number + 1}", title + ", frame by frame", () => script(steps(int.MaxValue))),
        new($"5.{number + 2}", title + ", byte by byte", () => script(steps(1))),
    ];

    private static Script Twice(bool fin)
    {
        Step[] once = [Step.Frame(0, First, fin), Step.Frame(1, Second, fin: false), Step.Frame(0, "three")];
        return Script.Fault(1002, [Step.Together([.. once, .. once])]);
    }

    // The second part is not sent before the first ping was answered: a pong does not wait for the end of the message.
    private static Script FiveFragments(bool together)
    {
        string[] parts = ["one, ", "two, ", "three, ", "four, ", "five"];
        Step[] before = [Step.Frame(1, parts[0], fin: false), Step.Frame(0, parts[1], fin: false), Step.Frame(9, "first ping")];
        Step[] after = [Step.Frame(0, parts[2], fin: false), Step.Frame(0, parts[3], fin: false), Step.Frame(9, "second ping"), Step.Frame(0, parts[4])];
        Step[] steps = together ? [Step.Together(before), new Step.Await(1), Step.Together(after)] : [.. before, new Step.Await(1), .. after];
        return Script.Echo(steps, PeerEvent.Pong("first ping"u8), PeerEvent.Pong("second ping"u8), PeerEvent.Text(Encoding.UTF8.GetBytes(string.Concat(parts))));
    }
}
