using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Broker.Fuzz.Engine;

/// <summary>Checks inside targets.</summary>
internal static class Promise
{
    /// <summary>The message is built only where it is needed: this runs millions of times.</summary>
    public static void Holds([DoesNotReturnIf(false)] bool condition, [InterpolatedStringHandlerArgument(nameof(condition))] ref Failure message)
    {
        if (!condition)
        {
            throw new BrokenPromiseException(message.ToString());
        }
    }

    public static void Holds([DoesNotReturnIf(false)] bool condition, string message)
    {
        if (!condition)
        {
            throw new BrokenPromiseException(message);
        }
    }

    /// <summary>A message that formats nothing while the condition holds.</summary>
    [InterpolatedStringHandler]
    public ref struct Failure
    {
        private DefaultInterpolatedStringHandler _text;

        public Failure(int literalLength, int formattedCount, bool condition, out bool enabled)
        {
            enabled = !condition;
            _text = enabled ? new DefaultInterpolatedStringHandler(literalLength, formattedCount) : default;
        }

        public void AppendLiteral(string value) => _text.AppendLiteral(value);

        public void AppendFormatted<T>(T value) => _text.AppendFormatted(value);

        public override string ToString() => _text.ToStringAndClear();
    }
}
