namespace Broker.Tests.Conformance;

/// <summary>Messages sent one after the other, each when the one before it has come back.</summary>
internal static class Exchange
{
    /// <summary>The long runs were asked for.</summary>
    public static bool Full { get; } = Environment.GetEnvironmentVariable("BROKER_TESTS_FULL") == "1";

    /// <summary>1,000 messages in the long form; in the short one at most 100, and no more than make 2 MiB (but 8).</summary>
    public static int Count(int size) => Full ? 1000 : Math.Clamp(2 * 1024 * 1024 / Math.Max(size, 1), 8, 100);

    public static Script Script(int opcode, IEnumerable<byte[]> payloads, int fragment)
    {
        var events = payloads.Select(payload => PeerEvent.Message(opcode, payload)).ToArray();
        return Conformance.Script.Echo(Steps(), events);

        IEnumerable<Step> Steps()
        {
            var sent = 0;
            foreach (var payload in payloads)
            {
                yield return new Step.Message(opcode, payload, fragment);
                yield return new Step.Await(++sent);
            }
        }
    }
}
