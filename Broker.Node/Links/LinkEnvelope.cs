namespace Broker.Node.Links;

/// <summary>A numbered batch of entries (see <see cref="EnvelopeEntry"/>).</summary>
/// <remarks>
/// To: incarnation of the addressee the number is meant for.
/// Lowest: the lowest number the sender still keeps: what is below will not come.
/// Body: the entries; parts are shared with the envelopes to other peers and must not be written.
/// </remarks>
internal sealed record LinkEnvelope(int Lane, uint From, long Incarnation, long To, long Number, long Lowest, ReadOnlyMemory<byte>[] Body)
    : LinkMessage(Lane, From, Incarnation)
{
    public int Length
    {
        get
        {
            var length = 0;
            foreach (var part in Body)
            {
                length += part.Length;
            }

            return length;
        }
    }
}
