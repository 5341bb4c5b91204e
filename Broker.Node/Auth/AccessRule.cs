using Broker.Node.Topics;

namespace Broker.Node.Auth;

/// <summary>One right: what is allowed, less what is denied. Immutable and thread-safe.</summary>
internal sealed class AccessRule(PatternSet allow, PatternSet deny)
{
    /// <summary>Whether a name is permitted. What is not a legal name, reserved ones included, never is.</summary>
    public bool Permits(ReadOnlySpan<byte> name) =>
        TopicName.IsValid(name) && allow.Matches(name) && !deny.Matches(name);

    /// <summary>Whether everything the pattern matches is permitted: one allowed pattern covers it and no deny overlaps it.</summary>
    public bool Permits(TopicPattern pattern) =>
        pattern.IsName ? Permits(pattern.Utf8) : allow.Covers(pattern) && !deny.Overlaps(pattern);

    /// <summary>The same rule with one more allowed pattern; what is denied stays denied.</summary>
    public AccessRule With(TopicPattern pattern) => new(allow.With(pattern), deny);
}
