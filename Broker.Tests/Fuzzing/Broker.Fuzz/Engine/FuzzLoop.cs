using System.Diagnostics;

namespace Broker.Fuzz.Engine;

/// <summary>
/// Coverage-guided fuzzing of one target inside this process: change an input that once brought something new, run it,
/// keep it if it reached an edge, or a count of one, that no other had reached. Uses the calling thread.
/// </summary>
internal sealed class FuzzLoop
{
    private const int TimeCheck = 64;
    private const long MemoryCheck = 100_000;
    private const long MaxRetained = 4 * 1024 * 1024;

    private readonly FuzzTarget _target;
    private readonly FuzzSettings _settings;
    private readonly CoverageMap _map;
    private readonly Examiner _examiner;
    private readonly Corpus _corpus;
    private readonly Mutator _mutator;
    private readonly Dictionary<string, FuzzFind> _finds = [];
    private long _executions;
    private long? _baseline;

    /// <param name="target">What is tried; the code it calls is instrumented.</param>
    /// <param name="settings">When to end.</param>
    /// <param name="map">Where the code counts.</param>
    /// <param name="lastInput">Knows the input in hand, should it end the process.</param>
    public FuzzLoop(FuzzTarget target, FuzzSettings settings, CoverageMap map, LastInput lastInput)
    {
        _target = target;
        _settings = settings;
        _map = map;
        _examiner = new Examiner(target, lastInput);
        var random = new Random(settings.Seed);
        _corpus = new Corpus(random);
        _mutator = new Mutator(random, target.Dictionary, target.MaxLength);
    }

    /// <summary>The inputs kept, those given first.</summary>
    public IEnumerable<byte[]> Inputs => _corpus.Inputs;

    public FuzzReport Run(IReadOnlyList<byte[]> seeds)
    {
        var start = Stopwatch.GetTimestamp();
        Start(seeds);
        var seedEdges = _map.Edges;
        while (_executions < _settings.Executions && _finds.Count < _settings.Finds
            && (_executions % TimeCheck != 0 || Stopwatch.GetElapsedTime(start) < _settings.Time))
        {
            Try(_mutator.Mutate(_corpus.Pick(), _corpus.Any()), keepAll: false);
            if (_executions % MemoryCheck == 0)
            {
                CheckMemory();
            }
        }

        CheckMemory();
        return new FuzzReport(
            _target.Name, _settings.Seed, _executions, Stopwatch.GetElapsedTime(start).TotalSeconds, seedEdges, _map.Edges, _corpus.Count, [.. _finds.Values]);
    }

    private void Start(IReadOnlyList<byte[]> seeds)
    {
        // Static constructors run once and would count as something new in the first input.
        foreach (var seed in seeds)
        {
            _examiner.Run(seed);
        }

        _map.Clear();
        foreach (var seed in seeds)
        {
            Try(seed, keepAll: true);
        }

        if (_corpus.Count == 0)
        {
            Try([], keepAll: true);
        }

        CheckMemory();
    }

    private void Try(ReadOnlySpan<byte> input, bool keepAll)
    {
        var find = _examiner.Run(input);
        _executions++;
        var news = _map.Absorb();
        if (find is not null)
        {
            Take(find);
            _map.Clear();
        }
        else if (keepAll || (news && _settings.Feedback))
        {
            _corpus.Add(input);
        }
    }

    private void Take(FuzzFind find)
    {
        if (!_finds.ContainsKey(find.Problem))
        {
            _finds[find.Problem] = Shortener.Shorten(find, _examiner);
        }
    }

    // What a single run retains is too little to see; a hundred thousand of them are not.
    private void CheckMemory()
    {
        var retained = GC.GetTotalMemory(forceFullCollection: true) - _corpus.Bytes;
        if (_baseline is { } baseline && retained - baseline > MaxRetained)
        {
            Take(new FuzzFind($"retains over {MaxRetained} bytes", $"{retained - baseline} bytes more after {_executions} executions", []));
        }

        // Not at the start: pools and tables fill first.
        _baseline ??= _executions >= MemoryCheck ? retained : null;
    }
}
