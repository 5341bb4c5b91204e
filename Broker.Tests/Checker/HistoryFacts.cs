namespace Broker.Tests.Checker;

/// <summary>A history, sorted once by what rules ask of it. Lines are counted from 0 here, and from 1 where people read them.</summary>
internal sealed class HistoryFacts
{
    private readonly Dictionary<long, Request> _requests = [];
    private readonly Dictionary<string, int> _closed = [];
    private readonly Dictionary<string, HistoryEvent> _topics = [];

    public HistoryFacts(IReadOnlyList<HistoryEvent> history)
    {
        History = history;
        for (var line = 0; line < history.Count; line++)
        {
            Take(line, history[line]);
        }

        Sightings = [.. See()];
    }

    public IReadOnlyList<HistoryEvent> History { get; }

    /// <summary>In the order in which they were made.</summary>
    public IEnumerable<Request> Requests => _requests.Values;

    public IEnumerable<HistoryEvent> Topics => _topics.Values;

    /// <summary>Publishes of a message: several where it was sent again under its key.</summary>
    public Dictionary<string, List<Request>> Publishes { get; } = [];

    /// <summary>The last reading of every topic from every node.</summary>
    public List<int> Finals { get; } = [];

    /// <summary>Every message that anybody knows at an offset, in the order of lines.</summary>
    public IReadOnlyList<Sighting> Sightings { get; }

    public Request? Find(long? call) => call is { } number && _requests.TryGetValue(number, out var request) ? request : null;

    public bool IsSequenced(string? topic) => topic is not null && _topics.TryGetValue(topic, out var settings) && settings.Sequenced == true;

    public HistoryEvent? Settings(string? topic) => topic is null ? null : _topics.GetValueOrDefault(topic);

    /// <summary>The line at which a connection ended; past the last line where it did not.</summary>
    public int Closed(string? connection) => connection is not null && _closed.TryGetValue(connection, out var line) ? line : int.MaxValue;

    /// <summary>The key that had been used before: the answer is that of the first publish.</summary>
    public bool IsRepeat(Request request) => request.Asked.Key is not null && Publishes[request.Asked.Id!][0] != request;

    private void Take(int line, HistoryEvent what)
    {
        switch (what.Kind)
        {
            case EventKind.Topic:
                _topics[what.Topic!] = what;
                break;
            case EventKind.Publish or EventKind.Subscribe or EventKind.History or EventKind.Probe:
                var request = new Request(line, what);
                _requests.Add(what.Call!.Value, request);
                if (what.Kind == EventKind.Publish)
                {
                    Publishes.TryAdd(what.Id!, []);
                    Publishes[what.Id!].Add(request);
                }

                break;
            case EventKind.Published or EventKind.Refused or EventKind.Lost or EventKind.Subscribed or EventKind.Page or EventKind.Probed:
                Find(what.Call)?.Answers.Add(line);
                Find(what.Call)?.Lines.Add(line);
                break;
            case EventKind.Closed:
                _closed.TryAdd(what.Connection!, line);
                break;
            case EventKind.Final:
                Finals.Add(line);
                break;
            default:
                Find(what.Call)?.Lines.Add(line);
                break;
        }
    }

    private IEnumerable<Sighting> See()
    {
        for (var line = 0; line < History.Count; line++)
        {
            var what = History[line];
            var topic = what.Topic ?? Find(what.Call)?.Asked.Topic;
            if (!IsSequenced(topic))
            {
                continue;
            }

            if (what.Kind == EventKind.Published && Find(what.Call) is { } publish)
            {
                yield return new Sighting(line, topic!, what.Epoch ?? "", what.Offset ?? 0, publish.Asked.Id!, publish.Asked.Data!, IsAnswer: true);
            }
            else if (what.Kind == EventKind.Message)
            {
                yield return new Sighting(line, topic!, what.Epoch ?? "", what.Offset ?? 0, what.Id!, what.Data!, IsAnswer: false);
            }

            foreach (var entry in what.Entries ?? [])
            {
                yield return new Sighting(line, topic!, what.Epoch ?? "", entry.Offset, entry.Id, entry.Data, IsAnswer: false);
            }
        }
    }
}

/// <summary>A request, the lines of its answers, and for a subscription those of all that it saw.</summary>
internal sealed record Request(int Line, HistoryEvent Asked)
{
    public List<int> Answers { get; } = [];

    public List<int> Lines { get; } = [];
}

/// <summary>A message that somebody knows at an offset.</summary>
/// <param name="IsAnswer">It is known because its publisher was told so.</param>
internal readonly record struct Sighting(int Line, string Topic, string Epoch, long Offset, string Id, string Data, bool IsAnswer);
