using Akka.Event;
using Broker.Node.Links;

namespace Broker.Node.Transports.Sessions;

/// <summary>
/// Between nodes: a piece of what a client asks of a session elsewhere, or of the answer. Pieces of one request, and of one answer, come in
/// their order or, where one is lost, never whole: then the client is told to ask again.
/// </summary>
/// <param name="Number">Of the request, at the node that asks.</param>
/// <param name="IsAnswer">Of the answer to it.</param>
/// <param name="From">Where in the whole it begins.</param>
/// <param name="Total">Bytes of the whole.</param>
/// <param name="Bytes">At most <see cref="Longest"/>.</param>
internal sealed record SessionPart(long Number, bool IsAnswer, int From, int Total, ReadOnlyMemory<byte> Bytes) : IBrokerMessage, IDeadLetterSuppression
{
    /// <summary>Bytes of one piece.</summary>
    public const int Longest = 64 * 1024;

    /// <summary>Bytes of a whole.</summary>
    public const int MaxTotal = 32 * 1024 * 1024;

    public static IEnumerable<SessionPart> Cut(long number, bool isAnswer, ReadOnlyMemory<byte> whole)
    {
        var from = 0;
        do
        {
            var length = Math.Min(Longest, whole.Length - from);
            yield return new SessionPart(number, isAnswer, from, whole.Length, whole.Slice(from, length));
            from += length;
        }
        while (from < whole.Length);
    }
}

/// <summary>Puts pieces together that come in their order. Not thread-safe.</summary>
internal sealed class SessionParts
{
    private byte[] _whole = [];
    private int _length;

    /// <summary>Null: more are to come, or one does not fit and nothing comes of it.</summary>
    public ReadOnlyMemory<byte>? Add(SessionPart part)
    {
        if (part.From != _length || (_length > 0 && part.Total != _whole.Length) || part.Bytes.Length > part.Total - part.From)
        {
            return null;
        }

        if (part.Bytes.Length == part.Total)
        {
            return part.Bytes;
        }

        _whole = _length == 0 ? new byte[part.Total] : _whole;
        part.Bytes.CopyTo(_whole.AsMemory(_length));
        _length += part.Bytes.Length;
        return _length == _whole.Length ? (ReadOnlyMemory<byte>?)_whole : null;
    }
}
