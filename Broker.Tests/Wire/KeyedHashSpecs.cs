using Broker.Protocol.Wire;

namespace Broker.Tests.Wire;

public sealed class KeyedHashSpecs
{
    // Every length's own way through the tail, and every byte in it.
    [Fact]
    public void Every_byte_and_the_length_count()
    {
        var seen = new HashSet<ulong>();
        var inputs = 0;
        for (var length = 0; length <= 33; length++)
        {
            var input = new byte[length];
            Assert.True(seen.Add(KeyedHash.Compute(input)));
            inputs++;
            for (var i = 0; i < length; i++)
            {
                foreach (var value in (byte[])[1, 0x80, 0xFF])
                {
                    input[i] = value;
                    Assert.True(seen.Add(KeyedHash.Compute(input)), $"byte {i} of {length}");
                    Assert.Equal(KeyedHash.Compute(input), KeyedHash.Compute([.. input]));
                    inputs++;
                }

                input[i] = 0;
            }
        }

        Assert.Equal(inputs, seen.Count);
    }
}
