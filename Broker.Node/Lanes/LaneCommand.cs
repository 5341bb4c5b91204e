namespace Broker.Node.Lanes;

/// <summary>Something a lane is asked to do for a local connection or for the publish API; executed in the order posted.</summary>
internal abstract class LaneCommand
{
    /// <summary>Link in the inbox.</summary>
    public LaneCommand? Next { get; set; }

    /// <summary>Stable hash of the topic: chooses the lane.</summary>
    public abstract uint TopicHash { get; }

    /// <summary>Its topic has one order for all: whoever owns it decides, and the lane completes it when that is known.</summary>
    public bool IsSequenced { get; init; }

    /// <summary>Topic name, UTF-8; valid until <see cref="Complete"/>.</summary>
    public abstract ReadOnlySpan<byte> Topic { get; }

    /// <summary>The fence closed over it: whether anybody else gets it is not known. Replies of connections do not leave by then.</summary>
    public virtual void Disown()
    {
    }

    /// <summary>
    /// Called once by the lane when it has taken the command: the bytes it points to may be reused, and its connection may
    /// read on. For a publish that means: appended here and placed in the window of every peer that is not skipped.
    /// </summary>
    public abstract void Complete();
}
