using Akka.Event;
using Broker.Node.Diagnostics;

namespace Broker.Node.Hosting;

/// <summary>
/// Formats what Akka logs as its default does, but for the reason why a peer cannot be reached: an exception that tells of the peer
/// and of no fault here is its message, and those of what caused it, in one line. Every other exception keeps its stack.
/// What a peer may have written is printable ASCII, in one line.
/// </summary>
public sealed class RemoteLogFormatter : ILogMessageFormatter
{
    /// <inheritdoc/>
    public string Format(string format, params object[] args) =>
        SemanticLogMessageFormatter.Instance.Format(format, Array.ConvertAll(args, OneLine));

    /// <inheritdoc/>
    public string Format(string format, IEnumerable<object> args) => Format(format, args.ToArray());

    private static object OneLine(object arg)
    {
        if (arg is IFormattable or null)
        {
            return arg!;
        }

        if (arg is not Exception error)
        {
            return PrintableWriter.Escape(arg.ToString() ?? "");
        }

        if (error.GetType().Namespace?.StartsWith("Akka.Remote", StringComparison.Ordinal) != true)
        {
            return arg;
        }

        List<string> messages = [];
        for (Exception? cause = error; cause is not null; cause = cause.InnerException)
        {
            messages.Add(cause.Message.ReplaceLineEndings(" "));
        }

        return PrintableWriter.Escape(string.Join(": ", messages));
    }
}
