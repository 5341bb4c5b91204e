using Broker.Tests.Conformance;

namespace Broker.Tests.Support;

/// <summary>Ways in which a transport may cut the same bytes; segments are copies, for sessions unmask in place.</summary>
internal static class Segmentation
{
    public static IEnumerable<(string Name, Func<byte[], IEnumerable<byte[]>> Cut)> All
    {
        get
        {
            yield return ("whole", bytes => [[.. bytes]]);
            yield return ("1 byte", bytes => bytes.Chunk(1));
            for (var seed = 1; seed <= 8; seed++)
            {
                var fixedSeed = seed;
                yield return ($"random cuts, seed {seed}", bytes => Random(bytes, fixedSeed));
            }
        }
    }

    /// <summary>Whole, by the byte and at random; long ones in larger pieces, for a segment is a system call.</summary>
    private static readonly Func<byte[], IEnumerable<byte[]>>[] Ways =
    [
        static bytes => [bytes],
        static bytes => bytes.Chunk(bytes.Length < 2000 ? 1 : 997),
        static bytes => bytes.Length < 2000 ? Random(bytes, 1) : bytes.Chunk(16_411),
    ];

    /// <summary>The ways a hostile case goes over the socket: whole; where <c>BROKER_TESTS_FULL=1</c>, by the byte and at random as well.</summary>
    public static IReadOnlyList<Func<byte[], IEnumerable<byte[]>>> OfRun { get; } = Exchange.Full ? Ways : Ways[..1];

    public static IEnumerable<IEnumerable<byte[]>> Three(byte[] bytes) => Ways.Select(way => way(bytes));

    public static IEnumerable<byte[]> Random(byte[] bytes, int seed)
    {
        var random = new Random(seed);
        for (var at = 0; at < bytes.Length;)
        {
            var length = Math.Min(random.Next(1, random.Next(2, 40)), bytes.Length - at);
            yield return bytes[at..(at + length)];
            at += length;
        }
    }
}
