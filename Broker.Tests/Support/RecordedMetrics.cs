using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Broker.Node.Diagnostics;
using Microsoft.Extensions.DependencyInjection;

namespace Broker.Tests.Support;

/// <summary>
/// What one node counts, from its making on. A count's name is the instrument's and the values of its tags, with blanks:
/// <c>broker.connections.closed 1008 abuse</c>.
/// </summary>
internal sealed class RecordedMetrics : IDisposable
{
    private readonly ConcurrentDictionary<string, long> _counts = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string> _instruments = new(StringComparer.Ordinal);
    private readonly MeterListener _listener = new();

    public RecordedMetrics(BrokerMetrics metrics)
    {
        Metrics = metrics;
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument.Meter, metrics.Meter))
            {
                _instruments[instrument.Name] = instrument.Unit ?? "";
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>(OnMeasured);
        _listener.Start();
    }

    /// <summary>For parts without a node: instruments of their own.</summary>
    public RecordedMetrics()
        : this(Unobserved())
    {
    }

    public BrokerMetrics Metrics { get; }

    /// <summary>Every count that is not nothing.</summary>
    public IReadOnlyDictionary<string, long> All => _counts.Where(static count => count.Value != 0).ToDictionary();

    /// <summary>Everything there is to read, with its unit.</summary>
    public IReadOnlyDictionary<string, string> Instruments => _instruments;

    public long this[string name] => _counts.GetValueOrDefault(name);

    /// <summary>Instruments that nobody reads.</summary>
    public static BrokerMetrics Unobserved() =>
        new(new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>());

    /// <summary>What was counted since an earlier <see cref="All"/>, as <c>name = n</c>, in order.</summary>
    public IReadOnlyList<string> Since(IReadOnlyDictionary<string, long> before) =>
        [.. All.Select(count => (count.Key, More: count.Value - before.GetValueOrDefault(count.Key)))
            .Where(static count => count.More != 0)
            .Select(static count => $"{count.Key} = {count.More}")
            .Order(StringComparer.Ordinal)];

    /// <summary>Asks the instruments that are read, which count from then on.</summary>
    public void Read() => _listener.RecordObservableInstruments();

    public void Dispose() => _listener.Dispose();

    private void OnMeasured(Instrument instrument, long value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state)
    {
        var name = instrument.Name;
        foreach (var tag in tags)
        {
            name += $" {tag.Value}";
        }

        _counts.AddOrUpdate(name, value, (_, count) => count + value);
    }
}
