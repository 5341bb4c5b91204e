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
    public static IEnumerable<IEnumerable<byte[]>> Three(byte[] bytes)
    {
        yield return [bytes];
        yield return bytes.Chunk(bytes.Length < 2000 ? 1 : 997);
        yield return bytes.Length < 2000 ? Random(bytes, 1) : bytes.Chunk(16_411);
    }

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
