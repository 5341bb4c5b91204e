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

    // Maps open and close at random, with keys of a small set: small, large, nested and side by side.
    [Fact]
    public void Agrees_with_a_stack_of_sets() =>
        Gen.Select(Gen.Int[0, 9], Gen.Int[0, 60], Gen.Bool).Array[1, 600].Sample(steps =>
        {
            var frame = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 61).Select(i => $"{i:d2}")));
            var tracker = new JsonKeyTracker();
            var model = new Stack<HashSet<int>>();
            tracker.Open();
            model.Push([]);
            foreach (var (action, key, escaped) in steps)
            {
                if (action == 0 && model.Count < 64)
                {
                    tracker.Open();
                    model.Push([]);
                }
                else if (action == 1 && key < 20 && model.Count > 1)
                {
                    tracker.Close();
                    model.Pop();
                }
                else if (!model.Peek().Contains(key))
                {
                    model.Peek().Add(key);
                    Assert.True(Add(tracker, frame, key, escaped));
                }
                else if (key > 55)
                {
                    // A repetition ends the frame.
                    Assert.False(Add(tracker, frame, key, escaped));
                    tracker.Reset();
                    tracker.Open();
                    model.Clear();
                    model.Push([]);
                }
            }

            return true;
        });

    private static bool Add(JsonKeyTracker tracker, byte[] frame, int key, bool escaped)
    {
        if (!escaped)
        {
            return tracker.Add(frame, key * 2, 2);
        }

        frame.AsSpan(key * 2, 2).CopyTo(tracker.Scratch(12));
        return tracker.AddScratch(frame, 2);
    }
}
