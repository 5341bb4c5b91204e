using System.Buffers;
using System.Globalization;

namespace Broker.Protocol.Http;

/// <summary>
/// Finds where the body of a request ends (RFC 9112 sections 6.3 and 7.1) without reading what is in it. Strict where two parsers
/// could find different ends: lines end with CRLF alone. A mutable struct of constant size; not thread-safe.
/// </summary>
internal struct BodyFraming
{
    private State _state;
    private long _left;
    private bool _digits;
    private bool _emptyLine;

    private enum State
    {
        Done,
        Length,
        Size,
        Extension,
        SizeEnd,
        Data,
        DataEnd,
        DataEndLf,
        Trailer,
        TrailerEnd,
        Malformed,
    }

    /// <summary>The whole body has been seen.</summary>
    public readonly bool IsDone => _state == State.Done;

    /// <summary>Chunks that nobody may read; nothing is known of where the next request begins.</summary>
    public readonly bool IsMalformed => _state == State.Malformed;

    /// <summary>The framing of the body of <paramref name="head"/>, which <see cref="RequestRules"/> has found sound.</summary>
    public static BodyFraming Of(RequestHead head)
    {
        if (head.Count("Transfer-Encoding") > 0)
        {
            return new BodyFraming { _state = State.Size };
        }

        var length = head.Single("Content-Length") is { } text ? long.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture) : 0;
        return new BodyFraming { _state = length == 0 ? State.Done : State.Length, _left = length };
    }

    /// <summary>Goes over what came next.</summary>
    /// <returns>How many of its bytes belong to the body; fewer than all when the body is done, or malformed by the last of them.</returns>
    public long Follow(ReadOnlySequence<byte> bytes)
    {
        var reader = new SequenceReader<byte>(bytes);
        while (!reader.End && _state is not (State.Done or State.Malformed))
        {
            if (_state is State.Length or State.Data)
            {
                var count = Math.Min(_left, reader.Remaining);
                reader.Advance(count);
                _left -= count;
                if (_left == 0)
                {
                    _state = _state == State.Length ? State.Done : State.DataEnd;
                }

                continue;
            }

            reader.TryRead(out var next);
            _state = After(next);
        }

        return reader.Consumed;
    }

    private State After(byte next) => _state switch
    {
        State.Size => AfterSize(next),
        State.Extension when next == '\r' => State.SizeEnd,
        State.Extension when next != '\n' => State.Extension,
        State.SizeEnd when next == '\n' => AfterSizeLine(),
        State.DataEnd when next == '\r' => State.DataEndLf,
        State.DataEndLf when next == '\n' => State.Size,
        State.Trailer when next == '\r' => State.TrailerEnd,
        State.Trailer when next != '\n' => InTrailer(),
        State.TrailerEnd when next == '\n' => AfterTrailerLine(),
        _ => State.Malformed,
    };

    private State AfterSize(byte next)
    {
        if (HexDigit(next) is { } digit)
        {
            if (_left > long.MaxValue >> 4)
            {
                return State.Malformed;
            }

            _left = (_left << 4) | digit;
            _digits = true;
            return State.Size;
        }

        return !_digits ? State.Malformed : next switch
        {
            (byte)'\r' => State.SizeEnd,
            (byte)';' or (byte)' ' or (byte)'\t' => State.Extension,
            _ => State.Malformed,
        };
    }

    private State AfterSizeLine()
    {
        _digits = false;
        _emptyLine = true;
        return _left == 0 ? State.Trailer : State.Data;
    }

    private State InTrailer()
    {
        _emptyLine = false;
        return State.Trailer;
    }

    private State AfterTrailerLine()
    {
        var last = _emptyLine;
        _emptyLine = true;
        return last ? State.Done : State.Trailer;
    }

    private static byte? HexDigit(byte value) => value switch
    {
        >= (byte)'0' and <= (byte)'9' => (byte)(value - '0'),
        >= (byte)'a' and <= (byte)'f' => (byte)(value - 'a' + 10),
        >= (byte)'A' and <= (byte)'F' => (byte)(value - 'A' + 10),
        _ => null,
    };
}
