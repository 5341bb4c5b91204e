using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Broker.Node.Auth;

/// <summary>What the application has said about users' rights since their tokens were signed, as far as this node knows. Thread-safe.</summary>
internal sealed class RightsTable
{
    private readonly ConcurrentDictionary<string, RightsChange> _changes = new(StringComparer.Ordinal);

    /// <summary>Raised after a change is in the table, with the user whom it concerns.</summary>
    public event Action<string>? Changed;

    public IReadOnlyCollection<KeyValuePair<string, RightsChange>> All => _changes.ToArray();

    /// <param name="user">The user.</param>
    /// <param name="issued">When what the user shows was said.</param>
    /// <param name="change">What was said after that.</param>
    public bool TryFind(string user, DateTimeOffset issued, [NotNullWhen(true)] out RightsChange? change) =>
        _changes.TryGetValue(user, out change) && issued <= change.At;

    public void Set(string user, RightsChange change)
    {
        _changes[user] = change;
        Changed?.Invoke(user);
    }

    /// <summary>It concerns no token any more that may still be used.</summary>
    public void Remove(string user) => _changes.TryRemove(user, out _);
}
