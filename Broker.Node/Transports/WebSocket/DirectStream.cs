using System.Diagnostics.CodeAnalysis;
using Broker.Node.Delivery;

namespace Broker.Node.Transports.WebSocket;

/// <summary>
/// Writes to a stream (TLS, or a connection taken back from Kestrel) that mostly end at once. One that does not, or fails
/// however it may, is left to the stage.
/// </summary>
internal sealed class DirectStream(Stream stream) : IDirectTransport
{
    [SuppressMessage("Reliability", "CA2012", Justification = "Either its result is taken at once, or it becomes a task.")]
    [SuppressMessage("Design", "CA1031", Justification = "The stage gets it: a drainer must not fail for what one connection's stream does.")]
    public int TrySend(EgressChunk chunk)
    {
        // A write that does not end at once goes on reading it.
        chunk.Keep();
        ValueTask write;
        try
        {
            write = stream.WriteAsync(chunk.Memory);
        }
        catch (Exception e)
        {
            write = ValueTask.FromException(e);
        }

        if (write.IsCompletedSuccessfully)
        {
            write.GetAwaiter().GetResult();
            return chunk.Length;
        }

        chunk.Pending = write.AsTask();
        return 0;
    }
}
