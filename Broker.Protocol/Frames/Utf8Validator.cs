using System.Text.Unicode;

namespace Broker.Protocol.Frames;

/// <summary>
/// Checks UTF-8 (RFC 3629) that comes in parts cut anywhere, and says no at the first byte that cannot belong to any
/// valid text. Mutable value of four bytes; the default one stands at the start of a text.
/// </summary>
internal struct Utf8Validator
{
    private byte _pending;
    private byte _low;
    private byte _high;

    /// <summary>Whether the text may end here.</summary>
    public readonly bool IsComplete => _pending == 0;

    /// <summary>False when the text is invalid whatever follows; the validator is of no use then.</summary>
    public bool Append(ReadOnlySpan<byte> part)
    {
        while (_pending > 0 && !part.IsEmpty)
        {
            if (!Continue(part[0]))
            {
                return false;
            }

            part = part[1..];
        }

        var whole = part.Length - CutSequence(part);
        if (!Utf8.IsValid(part[..whole]))
        {
            return false;
        }

        if (whole == part.Length)
        {
            return true;
        }

        if (!Begin(part[whole]))
        {
            return false;
        }

        foreach (var next in part[(whole + 1)..])
        {
            if (!Continue(next))
            {
                return false;
            }
        }

        return true;
    }

    // How many of the last bytes begin a sequence that the part does not finish: 0 to 3.
    private static int CutSequence(ReadOnlySpan<byte> part)
    {
        for (var back = 1; back <= Math.Min(3, part.Length); back++)
        {
            var octet = part[^back];
            if ((octet & 0xC0) != 0x80)
            {
                var needed = octet switch { >= 0xF0 => 4, >= 0xE0 => 3, >= 0xC0 => 2, _ => 1 };
                return back < needed ? back : 0;
            }
        }

        return 0;
    }

    // RFC 3629 section 4: the second byte's range depends on the first; it rules out overlong forms, surrogates and
    // what lies above U+10FFFF.
    private bool Begin(byte lead)
    {
        (_pending, _low, _high) = lead switch
        {
            >= 0xC2 and <= 0xDF => ((byte)1, (byte)0x80, (byte)0xBF),
            0xE0 => ((byte)2, (byte)0xA0, (byte)0xBF),
            0xED => ((byte)2, (byte)0x80, (byte)0x9F),
            >= 0xE1 and <= 0xEF => ((byte)2, (byte)0x80, (byte)0xBF),
            0xF0 => ((byte)3, (byte)0x90, (byte)0xBF),
            >= 0xF1 and <= 0xF3 => ((byte)3, (byte)0x80, (byte)0xBF),
            0xF4 => ((byte)3, (byte)0x80, (byte)0x8F),
            _ => default,
        };
        return _pending > 0;
    }

    private bool Continue(byte next)
    {
        if (next < _low || next > _high)
        {
            return false;
        }

        (_pending, _low, _high) = ((byte)(_pending - 1), 0x80, 0xBF);
        return true;
    }
}
