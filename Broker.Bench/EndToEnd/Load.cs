using System.Globalization;

namespace Broker.Bench.EndToEnd;

/// <summary>What the load generator does, in its own terms (see wsload.cpp).</summary>
/// <param name="Connections">All connections, publishers among them.</param>
internal sealed record Load(int Connections)
{
    public int Publishers { get; init; } = 1;

    public int Topics { get; init; } = 1;

    /// <summary>Topics are this and a number: two loads on one server have each their own.</summary>
    public string TopicPrefix { get; init; } = "t";

    /// <summary>Topics that each connection subscribes to.</summary>
    public int TopicsEach { get; init; } = 1;

    /// <summary>Messages that each publisher has in flight.</summary>
    public int Window { get; init; } = 16;

    /// <summary>Bytes of a payload, at least 10.</summary>
    public int Size { get; init; } = 100;

    /// <summary>Messages a second of all publishers, instead of a window; 0: a window.</summary>
    public int Rate { get; init; }

    /// <summary>The window is freed by what a plain subscriber receives.</summary>
    public bool Pilot { get; init; }

    /// <summary>Connections are opened, subscribed and then left alone.</summary>
    public bool ConnectOnly { get; init; }

    /// <summary>The same servers bear it once before it is measured: for loads that have no seconds to warm up in.</summary>
    public bool Rehearsed { get; init; }

    public bool Deflate { get; init; }

    /// <summary>Times the seconds of a run: scenarios with few messages take longer.</summary>
    public int Duration { get; init; } = 1;

    /// <summary>The same shape with at most this many connections.</summary>
    public Load ScaledTo(int connections)
    {
        if (connections >= Connections)
        {
            return this;
        }

        int Scale(int count) => Math.Max(1, (int)((long)count * connections / Connections));
        return this with { Connections = connections, Publishers = Scale(Publishers), Topics = Scale(Topics / TopicsEach) * TopicsEach };
    }

    public IEnumerable<string> Arguments(int seconds, int warmup)
    {
        yield return "-n";
        yield return Text(Connections);
        if (ConnectOnly)
        {
            yield return "--connect-only";
            yield return "--settle";
            yield return "3";
            yield break;
        }

        (string Flag, int Value)[] numbers =
        [
            ("--pubs", Publishers), ("--topics", Topics), ("--topics-each", TopicsEach), ("--window", Window), ("--size", Size),
            ("--rate", Rate), ("--secs", seconds * Duration), ("--warmup", warmup),
        ];
        foreach (var (flag, value) in numbers)
        {
            yield return flag;
            yield return Text(value);
        }

        yield return "--topic-prefix";
        yield return TopicPrefix;
        if (Pilot)
        {
            yield return "--pilot";
        }

        if (Deflate)
        {
            yield return "--deflate";
        }
    }

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}
