using System.Diagnostics.CodeAnalysis;

namespace Broker.Node.Transports.Sessions;

/// <summary>
/// The tickets that a node has given: each stands once, for a short time, for a token that was good. Another node asks the one that gave it,
/// whose name is in it: so it can be used once in the cluster, and is lost with its node. Thread-safe.
/// </summary>
/// <param name="node">Uid of the node.</param>
/// <param name="time">Clock of their ends.</param>
internal sealed class TicketTable(uint node, TimeProvider time)
{
    /// <summary>Characters of the tokens for which tickets wait; a ticket waits for <see cref="Life"/>.</summary>
    public const int Room = 8 * 1024 * 1024;

    public static readonly TimeSpan Life = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, string> _tokens = new(StringComparer.Ordinal);
    private readonly Queue<(string Ticket, long Issued)> _order = [];
    private int _length;

    /// <summary>Null: too many wait.</summary>
    public string? Issue(string token)
    {
        lock (_gate)
        {
            EndOld();
            if (_length + token.Length > Room)
            {
                return null;
            }

            var ticket = SessionId.New(node);
            _tokens.Add(ticket, token);
            _order.Enqueue((ticket, time.GetTimestamp()));
            _length += token.Length;
            return ticket;
        }
    }

    public bool TryRedeem(string ticket, [NotNullWhen(true)] out string? token)
    {
        lock (_gate)
        {
            EndOld();
            if (!_tokens.Remove(ticket, out token))
            {
                return false;
            }

            _length -= token.Length;
            return true;
        }
    }

    private void EndOld()
    {
        while (_order.TryPeek(out var oldest) && time.GetElapsedTime(oldest.Issued) >= Life)
        {
            _order.Dequeue();
            if (_tokens.Remove(oldest.Ticket, out var token))
            {
                _length -= token.Length;
            }
        }
    }
}
