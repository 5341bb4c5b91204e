using System.Buffers;
using System.Buffers.Text;
using Broker.Node.Transports.Sessions;

namespace Broker.Node.Transports.LongPoll;

/// <summary>The answer to a poll, as JSON, while messages are added to it.</summary>
internal sealed class PollAnswer
{
    private readonly ArrayBufferWriter<byte> _body = new(512);
    private bool _hasMessages;

    /// <summary>Bytes so far.</summary>
    public int Length => _body.WrittenCount;

    public void Add(ReadOnlySpan<byte> message)
    {
        _body.Write(_hasMessages ? ","u8 : "{\"messages\":["u8);
        _body.Write(message);
        _hasMessages = true;
    }

    /// <param name="cursor">Of this answer.</param>
    /// <param name="positions">What the client may bring back to a new session; null: it knows that itself.</param>
    public byte[] Finish(long cursor, StreamPositions? positions)
    {
        _body.Write(_hasMessages ? "],\"cursor\":\""u8 : "{\"messages\":[],\"cursor\":\""u8);
        Utf8Formatter.TryFormat(cursor, _body.GetSpan(20), out var digits);
        _body.Advance(digits);
        _body.Write("\""u8);
        if (positions is not null)
        {
            _body.Write(",\"lastEventId\":"u8);
            positions.WriteTo(_body);
        }

        _body.Write("}"u8);
        return _body.WrittenSpan.ToArray();
    }
}
