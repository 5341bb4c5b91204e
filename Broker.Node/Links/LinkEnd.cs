using System.Diagnostics.CodeAnalysis;
using Akka.Actor;

namespace Broker.Node.Links;

/// <summary>One link of a <see cref="LinkSet"/> with what is under way on it: the entry in pieces, and the acknowledgement that is owed.</summary>
internal sealed class LinkEnd(PeerLink link)
{
    /// <summary>
    /// Envelopes, or bytes, of a broadcast link that are acknowledged together: an acknowledgement costs as much as a small envelope.
    /// Fewer than <see cref="OutgoingLink.MaxInFlight"/>, so that the sender never waits for the tick that acknowledges the rest.
    /// </summary>
    public const int AckEnvelopes = 2;
    public const int AckBytes = 32 * 1024;

    private IActorRef? _ackTo;
    private bool _isAckUrgent;
    private int _envelopes;
    private int _bytes;

    public PeerLink Link { get; } = link;

    public PieceAssembly Assembly { get; } = new();

    /// <summary>Everything the peer numbered is here, and the acknowledgement says so.</summary>
    public bool AcksGoodbye { get; set; }

    /// <summary>It has to be looked at in short intervals.</summary>
    public bool IsBusy => _ackTo is not null || Link.IsBusy;

    /// <summary>So much has arrived that an acknowledgement is worth it.</summary>
    public bool HasEnough => _envelopes >= AckEnvelopes || _bytes >= AckBytes;

    /// <summary>An envelope has arrived.</summary>
    public void Count(int bytes)
    {
        _envelopes++;
        _bytes += bytes;
    }

    public void AckLater(IActorRef sender, bool isUrgent)
    {
        _ackTo = sender;
        _isAckUrgent |= isUrgent;
    }

    /// <summary>Whether an acknowledgement is to be sent now: one that is urgent, or any.</summary>
    public bool TryTakeAck(bool any, [MaybeNullWhen(false)] out IActorRef sender)
    {
        sender = any || _isAckUrgent ? _ackTo : null;
        if (sender is null)
        {
            return false;
        }

        _ackTo = null;
        _isAckUrgent = false;
        _envelopes = _bytes = 0;
        return true;
    }
}
