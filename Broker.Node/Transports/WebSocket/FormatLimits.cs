using Broker.Protocol.Session;
using Broker.Protocol.Wire;

namespace Broker.Node.Transports.WebSocket;

/// <summary>What clients may send: the same in every format, but each in its own kind of frame (the other is 1003).</summary>
internal sealed class FormatLimits(WebSocketLimits common)
{
    private readonly WebSocketLimits _json = common with { AllowText = true, AllowBinary = false };
    private readonly WebSocketLimits _messagePack = common with { AllowText = false, AllowBinary = true };

    public WebSocketLimits Of(WireFormat format) => format == WireFormat.Json ? _json : _messagePack;
}
