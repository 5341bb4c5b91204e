using System.Diagnostics;

namespace Broker.Fuzz.Engine;

/// <summary>Takes from an input what the problem does not need, block by block.</summary>
internal static class Shortener
{
    private static readonly TimeSpan Time = TimeSpan.FromSeconds(3);

    public static FuzzFind Shorten(FuzzFind find, Examiner examiner)
    {
        var start = Stopwatch.GetTimestamp();
        for (var block = Math.Max(1, find.Input.Length / 2); block > 0; block /= 2)
        {
            for (var at = 0; at + block <= find.Input.Length && Stopwatch.GetElapsedTime(start) < Time;)
            {
                byte[] shorter = [.. find.Input.AsSpan(0, at), .. find.Input.AsSpan(at + block)];
                if (examiner.Run(shorter) is { } same && same.Problem == find.Problem)
                {
                    find = same;
                }
                else
                {
                    at += block;
                }
            }
        }

        return find;
    }
}
