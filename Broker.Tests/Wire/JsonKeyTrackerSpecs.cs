using System.Text;
using Broker.Protocol.Wire.Json;
using CsCheck;

namespace Broker.Tests.Wire;

public sealed class JsonKeyTrackerSpecs
{
    [Theory]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(17)]
    [InlineData(18)]
    [InlineData(33)]
    [InlineData(2000)]
    public void Repetition_is_found_whatever_the_number_of_keys(int count)
    {
        var frame = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, count).Select(i => $"k{i:d5}")));
        for (var repeated = 0; repeated < count; repeated += Math.Max(1, count / 20))
        {
            var tracker = new JsonKeyTracker();
            tracker.Open();
            for (var i = 0; i < count; i++)
            {
                Assert.True(tracker.Add(frame, i * 6, 6));
            }

            Assert.False(tracker.Add(frame, repeated * 6, 6));
        }
    }

    // Maps open and close at random, with few or many keys, nested and side by side, frame after frame.
    [Fact]
    public void Agrees_with_a_stack_of_sets()
    {
        const int Names = 3000;
        var frame = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, Names).Select(i => $"{i:d4}")));
        var keys = Gen.OneOf(Gen.Int[0, 40], Gen.Int[0, Names - 1], Gen.Int[0, Names - 1]);
        Gen.Select(Gen.Int[0, 400], keys, Gen.Bool).Array[1, 4000].Sample(steps =>
        {
            var tracker = new JsonKeyTracker();
            var model = new Stack<HashSet<int>>();
            foreach (var (action, key, escaped) in steps)
            {
                if (model.Count == 0 || (action < 4 && model.Count < 64))
                {
                    tracker.Open();
                    model.Push([]);
                }
                else if (action is >= 4 and < 7)
                {
                    tracker.Close();
                    model.Pop();
                }
                else if (model.Peek().Add(key))
                {
                    Assert.True(Add(tracker, frame, key, escaped));
                }
                else if (action is 7 or 8)
                {
                    // A repetition ends the frame.
                    Assert.False(Add(tracker, frame, key, escaped));
                    tracker.Reset();
                    model.Clear();
                }
            }

            return true;
        });
    }

    private static bool Add(JsonKeyTracker tracker, byte[] frame, int key, bool escaped)
    {
        if (!escaped)
        {
            return tracker.Add(frame, key * 4, 4);
        }

        frame.AsSpan(key * 4, 4).CopyTo(tracker.Scratch(24));
        return tracker.AddScratch(frame, 4);
    }
}
