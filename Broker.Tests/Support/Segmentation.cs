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
