namespace Broker.Node.Links;

/// <summary>Version of what nodes say to each other.</summary>
internal static class LinkProtocol
{
    /// <summary>Nodes of different major versions refuse each other. Also the first byte of every message.</summary>
    public const byte Major = 2;

    /// <summary>Raised when something is added that older nodes may ignore.</summary>
    public const byte Minor = 0;
}
