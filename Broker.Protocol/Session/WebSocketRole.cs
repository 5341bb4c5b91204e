namespace Broker.Protocol.Session;

/// <summary>Which end of the connection this is: a client masks what it sends, a server does not (RFC 6455 section 5.1).</summary>
public enum WebSocketRole : byte
{
    Server,
    Client,
}
