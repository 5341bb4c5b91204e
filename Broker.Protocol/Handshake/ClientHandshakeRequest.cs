using System.Buffers;
using System.Text;
using Broker.Protocol.Deflate;
using Broker.Protocol.Http;

namespace Broker.Protocol.Handshake;

/// <summary>One upgrade request of a client; <see cref="ClientHandshake.Validate"/> needs it beside the response.</summary>
public sealed record ClientHandshakeRequest
{
    internal ClientHandshakeRequest()
    {
    }

    /// <summary>The Host header: <c>host</c> or <c>host:port</c>.</summary>
    public required string Host { get; init; }

    /// <summary>Path and query.</summary>
    public required string Target { get; init; }

    /// <summary>Base64 of 16 random bytes, new for each request.</summary>
    public required string Key { get; init; }

    public required IReadOnlyList<string> Subprotocols { get; init; }

    /// <summary>What is offered of permessage-deflate; null: nothing.</summary>
    public DeflateParameters? Deflate { get; init; }

    /// <summary>Further headers, for example Origin or Authorization.</summary>
    public required IReadOnlyList<HttpHeader> Headers { get; init; }

    /// <summary>Writes the request head; nothing may follow it before the response was validated.</summary>
    public void Write(IBufferWriter<byte> output)
    {
        var text = new StringBuilder(256)
            .Append("GET ").Append(Target).Append(" HTTP/1.1\r\nHost: ").Append(Host)
            .Append("\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ").Append(Key).Append("\r\n");
        if (Subprotocols.Count > 0)
        {
            text.Append("Sec-WebSocket-Protocol: ").AppendJoin(", ", Subprotocols).Append("\r\n");
        }

        if (Deflate is not null)
        {
            text.Append(DeflateNegotiation.Header).Append(": ").Append(DeflateNegotiation.Offer(Deflate)).Append("\r\n");
        }

        foreach (var (name, value) in Headers)
        {
            text.Append(name).Append(": ").Append(value).Append("\r\n");
        }

        output.Write(Encoding.Latin1.GetBytes(text.Append("\r\n").ToString()));
    }
}
