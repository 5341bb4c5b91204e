using System.Text;
using Broker.Protocol.Wire;
using CsCheck;

namespace Broker.Tests.Wire;

public sealed class KeyTrackerSpecs
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
            var tracker = new KeyTracker();
            tracker.Open();
            for (var i = 0; i < count; i++)
            {
                Assert.True(tracker.Add(frame, i * 6, 6));
            }

            Assert.False(tracker.Add(frame, repeated * 6, 6));
        }
    }

    // The inner map makes the shared table grow while keys of the outer one are in it.
    [Theory]
    [InlineData(16, 600)]
    [InlineData(17, 600)]
    [InlineData(20, 3000)]
    [InlineData(600, 600)]
    public void Outer_map_is_remembered_through_a_large_inner_one(int outer, int inner)
    {
        var frame = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 3000).Select(i => $"{i:d4}")));
        var tracker = new KeyTracker();
        for (var repeated = 0; repeated < outer; repeated++)
        {
            tracker.Reset();
            tracker.Open();
            AddAll(tracker, frame, outer);
            tracker.Open();
            AddAll(tracker, frame, inner);
            tracker.Close();
            Assert.False(tracker.Add(frame, repeated * 4, 4));
        }
    }

    // With 512 keys in it the table grows, here while the first 16 of the inner map move in.
    [Theory]
    [InlineData(496)]
    [InlineData(497)]
    [InlineData(505)]
    [InlineData(511)]
    [InlineData(512)]
    public void Inner_map_is_remembered_when_its_first_keys_make_the_table_grow(int outer)
    {
        var frame = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 600).Select(i => $"{i:d4}")));
        var tracker = new KeyTracker();
        for (var repeated = 0; repeated < 30; repeated++)
        {
            tracker.Reset();
            tracker.Open();
            AddAll(tracker, frame, outer);
            tracker.Open();
            AddAll(tracker, frame, 30);
            Assert.False(tracker.Add(frame, repeated * 4, 4));
        }
    }

    // Maps open and close at random, with few or many keys, nested and side by side, frame after frame.
    [Fact]
    public void Tracker_agrees_with_a_stack_of_sets()
    {
        const int Names = 3000;
        var frame = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, Names).Select(i => $"{i:d4}")));
        var keys = Gen.OneOf(Gen.Int[0, 40], Gen.Int[0, Names - 1], Gen.Int[0, Names - 1]);
        Gen.Select(Gen.Int[0, 400], keys, Gen.Bool).Array[1, 4000].Sample(steps =>
        {
            var tracker = new KeyTracker();
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

    private static void AddAll(KeyTracker tracker, byte[] frame, int count)
    {
        for (var i = 0; i < count; i++)
        {
            Assert.True(tracker.Add(frame, i * 4, 4));
        }
    }

    private static bool Add(KeyTracker tracker, byte[] frame, int key, bool escaped)
    {
        if (!escaped)
        {
            return tracker.Add(frame, key * 4, 4);
        }

        frame.AsSpan(key * 4, 4).CopyTo(tracker.Scratch(24));
        return tracker.AddScratch(frame, 4);
    }
}
