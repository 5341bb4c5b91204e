namespace Broker.Fuzz.Engine;

/// <summary>
/// Something that takes bytes nobody can trust. <see cref="Run"/> throws where what it tried broke a promise; it may
/// keep state between runs only where that cannot change what a run says.
/// </summary>
internal abstract class FuzzTarget
{
    /// <summary>Name on the command line, of its seeds and of its finds.</summary>
    public abstract string Name { get; }

    /// <summary>Bytes of the longest input that is tried.</summary>
    public virtual int MaxLength => 2048;

    /// <summary>Bytes one run may allocate; more is a find. Far above what an input of <see cref="MaxLength"/> needs.</summary>
    public virtual long MaxAllocation => 4 * 1024 * 1024;

    /// <summary>What an input is likely to hold: mutations put these in.</summary>
    public virtual IReadOnlyList<byte[]> Dictionary => [];

    public abstract void Run(ReadOnlySpan<byte> input);

    protected static byte[][] Tokens(params ReadOnlySpan<string> texts)
    {
        var tokens = new byte[texts.Length][];
        for (var i = 0; i < tokens.Length; i++)
        {
            // Latin-1, so that a text can name any byte.
            tokens[i] = System.Text.Encoding.Latin1.GetBytes(texts[i]);
        }

        return tokens;
    }
}
