using System.Diagnostics.CodeAnalysis;

namespace Broker.Node.Rooms;

/// <summary>What was answered last, for whoever asks again because the answer was lost; the oldest ones are forgotten.</summary>
internal sealed class LobbyAnswers
{
    /// <summary>Longer than a node asks again.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromSeconds(30);

    public const int Most = 50_000;

    private readonly Dictionary<(uint Node, long Number), LobbyReply> _answers = [];
    private readonly Queue<((uint Node, long Number) Request, TimeSpan Until)> _order = [];

    public void Keep(uint node, LobbyReply reply, TimeSpan now)
    {
        if (_answers.TryAdd((node, reply.Number), reply))
        {
            _order.Enqueue(((node, reply.Number), now + Life));
        }

        Forget(now);
    }

    public bool TryFind(uint node, long number, [NotNullWhen(true)] out LobbyReply? reply) => _answers.TryGetValue((node, number), out reply);

    public void Forget(TimeSpan now)
    {
        while (_order.TryPeek(out var oldest) && (oldest.Until <= now || _order.Count > Most))
        {
            _answers.Remove(_order.Dequeue().Request);
        }
    }
}
