namespace Broker.Node.Configuration;

/// <summary>Finds the word somebody probably meant.</summary>
internal static class Spelling
{
    private const int Longest = 64;

    /// <summary>The nearest of <paramref name="words"/> within a third of the length of <paramref name="word"/> (at least 1, at most 3 edits); null when none is.</summary>
    public static string? Closest(string word, IEnumerable<string> words)
    {
        if (word.Length > Longest)
        {
            return null;
        }

        var bound = Math.Clamp(word.Length / 3, 1, 3);
        return words.Select(candidate => (candidate, distance: Distance(word, candidate)))
            .Where(found => found.distance <= bound)
            .OrderBy(found => found.distance)
            .Select(found => found.candidate)
            .FirstOrDefault();
    }

    /// <summary>Edits (insert, delete, replace, swap of neighbours) between two words.</summary>
    private static int Distance(string a, string b)
    {
        var rows = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
        {
            for (var j = 0; j <= b.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    rows[i, j] = i + j;
                    continue;
                }

                var cost = a[i - 1] == b[j - 1] ? 0 : 1;
                rows[i, j] = Math.Min(Math.Min(rows[i - 1, j], rows[i, j - 1]) + 1, rows[i - 1, j - 1] + cost);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    rows[i, j] = Math.Min(rows[i, j], rows[i - 2, j - 2] + 1);
                }
            }
        }

        return rows[a.Length, b.Length];
    }
}
