using System.Diagnostics.CodeAnalysis;

namespace Broker.Node.Transport;

/// <summary>Writes to a stream (TLS, or a connection taken back from Kestrel) that mostly end at once.</summary>
internal sealed class DirectStream(Stream stream) : IDirectTransport
{
    [SuppressMessage("Reliability", "CA2012", Justification = "Either its result is taken at once, or it becomes a task.")]
    public int TrySend(EgressChunk chunk)
    {
        // A write that does not end at once goes on reading it.
        chunk.Keep();
        try
        {
            var write = stream.WriteAsync(chunk.Memory);
            if (write.IsCompleted)
            {
                write.GetAwaiter().GetResult();
                return chunk.Length;
            }

            chunk.Pending = write.AsTask();
            return 0;
        }
        catch (Exception e) when (ConnectionErrors.Contains(e))
        {
            return -1;
        }
    }
}
