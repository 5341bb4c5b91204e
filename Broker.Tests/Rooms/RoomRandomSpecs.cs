using Broker.Rooms;

namespace Broker.Tests.Rooms;

public sealed class RoomRandomSpecs
{
    /// <summary>The outputs of the authors' own program for the state 1, 2, 3, 4.</summary>
    [Fact]
    public void Bits_are_those_of_the_reference()
    {
        var random = new RoomRandom((1UL, 2UL, 3UL, 4UL));
        Assert.Equal(
            [11520, 0, 1509978240, 1215971899390074240, 1216172134540287360, 607988272756665600, 16172922978634559625, 8476171486693032832, 10595114339597558777, 2904607092377533576],
            Enumerable.Range(0, 10).Select(_ => random.NextBits()));
    }

    [Fact]
    public void Numbers_below_are_all_there_and_about_equally_often()
    {
        var random = new RoomRandom(5);
        var counts = new int[6];
        for (var count = 0; count < 60_000; count++)
        {
            counts[random.Next(6)]++;
        }

        Assert.All(counts, static count => Assert.InRange(count, 9_500, 10_500));
    }

    [Fact]
    public void Ranges_hold()
    {
        var random = new RoomRandom(9);
        for (var count = 0; count < 1_000; count++)
        {
            Assert.InRange(random.Next(-3, 4), -3, 3);
            Assert.InRange(random.NextDouble(), 0, 1 - double.Epsilon);
            Assert.InRange(random.Next(int.MaxValue), 0, int.MaxValue - 1);
        }

        Assert.Equal(0, random.Next(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => random.Next(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => random.Next(3, 3));
    }

    [Fact]
    public void Shuffle_keeps_all_and_depends_on_the_seed_alone()
    {
        int[] Shuffled(ulong seed)
        {
            var items = Enumerable.Range(0, 50).ToArray();
            new RoomRandom(seed).Shuffle(items);
            return items;
        }

        Assert.Equal(Shuffled(1), Shuffled(1));
        Assert.NotEqual(Shuffled(1), Shuffled(2));
        Assert.Equal(Enumerable.Range(0, 50), Shuffled(3).Order());
    }
}
