namespace Broker.Tests.Conformance;

/// <summary>Categories 1 to 4: payload lengths, pings and pongs, reserved bits, reserved opcodes (RFC 6455 section 5.2 and 5.5).</summary>
internal static class FrameCases
{
    private const string Hello = "Hello there";

    public static IEnumerable<ConformanceCase> All => [.. Lengths(1, 1), .. Lengths(2, 2), .. Pings, .. ReservedBits, .. ReservedOpcodes];

    private static IEnumerable<ConformanceCase> Pings
    {
        get
        {
            byte[] binary = [0x00, 0xFF, 0xFE, 0x80, 0x7F];
            yield return new("2.1", "an empty ping", static () => Ping([]));
            yield return new("2.2", "a ping with text", static () => Ping("Hello there"u8.ToArray()));
            yield return new("2.3", "a ping with bytes that are no text", () => Ping(binary));
            yield return new("2.4", "a ping of 125 bytes", static () => Ping(Payloads.Repeat(0xFE, 125)));
            yield return new("2.5", "a ping of 126 bytes", static () => Script.Fault(1002, [Step.Frame(9, Payloads.Repeat(0xFE, 126))]));
            yield return new("2.6", "a ping of 125 bytes, byte by byte", static () => Ping(Payloads.Repeat(0xFE, 125), chop: 1));
            yield return new("2.7", "an empty pong nobody asked for", static () => Script.Echo([Step.Frame(10)]));
            yield return new("2.8", "a pong nobody asked for", static () => Script.Echo([Step.Frame(10, "nobody asked")]));
            yield return new("2.9", "a pong nobody asked for, then a ping", static () => Script.Echo([Step.Frame(10, "nobody asked"), Step.Frame(9, "a ping")], PeerEvent.Pong("a ping"u8)));
            yield return new("2.10", "ten pings", static () => TenPings(int.MaxValue));
            yield return new("2.11", "ten pings, byte by byte", static () => TenPings(1));
        }
    }

    // Section 5.2: "MUST be 0 unless an extension is negotiated that defines meanings for non-zero values."
    private static IEnumerable<ConformanceCase> ReservedBits =>
    [
        new("3.1", "text with RSV 1", static () => Script.Fault(1002, [Step.Frame(1, Hello, rsv: 1)])),
        new("3.2", "text, then text with RSV 2, then a ping, at once", static () => AfterText(Step.Frame(1, Hello, rsv: 2), together: true)),
        new("3.3", "text, then text with RSV 3, then a ping, frame by frame", static () => AfterText(Step.Frame(1, Hello, rsv: 3))),
        new("3.4", "text, then text with RSV 4, then a ping, byte by byte", static () => AfterText(Step.Frame(1, Hello, rsv: 4, chop: 1), chop: 1)),
        new("3.5", "binary with RSV 5", static () => Script.Fault(1002, [Step.Frame(2, [0, 0xFF, 0x80], rsv: 5)])),
        new("3.6", "a ping with RSV 6", static () => Script.Fault(1002, [Step.Frame(9, Hello, rsv: 6)])),
        new("3.7", "a close with RSV 7", static () => Script.Fault(1002, [Step.Frame(8, [], rsv: 7)])),
    ];

    private static IEnumerable<ConformanceCase> ReservedOpcodes => [.. Opcodes(1, 3), .. Opcodes(2, 11)];

    private static IEnumerable<ConformanceCase> Lengths(int opcode, int group)
    {
        var kind = opcode == 1 ? "text" : "binary";
        var number = 1;
        foreach (var length in new[] { 0, 125, 126, 127, 128, 65535, 65536 })
        {
            yield return new($"1.{group}.{number++}", $"{kind} of {length} bytes", () => Message(opcode, length, int.MaxValue));
        }

        yield return new($"1.{group}.{number}", $"{kind} of 65536 bytes in pieces of 997", () => Message(opcode, 65536, 997));
    }

    private static IEnumerable<ConformanceCase> Opcodes(int group, int first)
    {
        yield return new($"4.{group}.1", $"opcode {first}, empty", () => Script.Fault(1002, [Step.Frame(first)]));
        yield return new($"4.{group}.2", $"opcode {first + 1} with a payload", () => Script.Fault(1002, [Step.Frame(first + 1, "reserved")]));
        yield return new($"4.{group}.3", $"text, then opcode {first + 2}, empty, then a ping", () => AfterText(Step.Frame(first + 2), together: true));
        yield return new($"4.{group}.4", $"text, then opcode {first + 3} with a payload, then a ping", () => AfterText(Step.Frame(first + 3, Hello), together: true));
        yield return new($"4.{group}.5", $"text, then opcode {first + 4} with a payload, then a ping, byte by byte", () => AfterText(Step.Frame(first + 4, Hello, chop: 1), chop: 1));
    }

    private static Script Message(int opcode, int length, int chop)
    {
        var payload = Payloads.Repeat(opcode == 1 ? (byte)'*' : (byte)0xFE, length);
        return Script.Echo([Step.Frame(opcode, payload, chop: chop)], PeerEvent.Message(opcode, payload));
    }

    private static Script Ping(byte[] payload, int chop = int.MaxValue) => Script.Echo([Step.Frame(9, payload, chop: chop)], PeerEvent.Pong(payload));

    private static Script TenPings(int chop)
    {
        byte[][] payloads = [.. Enumerable.Range(0, 10).Select(static i => new byte[] { (byte)'n', (byte)('0' + i) })];
        return Script.Echo(payloads.Select(payload => Step.Frame(9, payload, chop: chop)), [.. payloads.Select(static payload => PeerEvent.Pong(payload))]);
    }

    // What came whole before the fault is a message; that it is answered is ours, the RFC lets the failure overtake it.
    private static Script AfterText(Step wrong, int chop = int.MaxValue, bool together = false)
    {
        Step[] steps = [Step.Frame(1, Hello, chop: chop), wrong, Step.Frame(9, chop: chop)];
        return Script.Fault(1002, together ? [Step.Together(steps)] : steps, PeerEvent.Text("Hello there"u8));
    }
}
