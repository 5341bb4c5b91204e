namespace Broker.Node.Diagnostics;

/// <summary>What a connection did that is closed with 1008 <c>abuse</c>.</summary>
internal enum AbuseKind
{
    /// <summary>Ten times over its rate for three seconds.</summary>
    Rate,

    /// <summary><c>broker.limits.unparsable-messages</c> in 10 s.</summary>
    Unparsable,

    /// <summary><c>broker.limits.forbidden</c> in 10 s.</summary>
    Forbidden,

    /// <summary>More than <c>broker.limits.fragments</c> in a message.</summary>
    Fragments,

    /// <summary>A message took longer than <c>broker.limits.message-time</c>.</summary>
    MessageTime,

    /// <summary>More than <c>broker.limits.control-frames</c>.</summary>
    ControlFrames,
}
