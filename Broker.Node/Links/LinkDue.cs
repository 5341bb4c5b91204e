namespace Broker.Node.Links;

/// <summary>What a link has to say now.</summary>
[Flags]
internal enum LinkDue
{
    None = 0,
    Hello = 1,
    Statement = 2,
    Goodbye = 4,
}
