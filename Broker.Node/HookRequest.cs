using System.Buffers;
using System.Net;
using System.Text.Json;
using Broker.Protocol.Wire;
using Broker.Protocol.Wire.Bridge;

namespace Broker.Node;

/// <summary>What a client asks for, and who it is. Immutable; may be kept.</summary>
/// <param name="User">The user's id; null: anonymous.</param>
/// <param name="Connection">As in the client's <c>welcome</c>; unique in the cluster.</param>
/// <param name="Remote">The client's address, behind trusted proxies too.</param>
public abstract record HookRequest(string? User, string Connection, IPAddress Remote)
{
    /// <summary>To be this user's connection.</summary>
    public sealed record Connect(string? User, string Connection, IPAddress Remote) : HookRequest(User, Connection, Remote);

    /// <summary>To get what is published to a topic, or to all topics that a pattern matches.</summary>
    /// <param name="User">The user's id; null: anonymous.</param>
    /// <param name="Connection">As in the client's <c>welcome</c>.</param>
    /// <param name="Remote">The client's address.</param>
    /// <param name="Topic">Its name; or a pattern as the client wrote it, which has a <c>*</c> or a <c>&gt;</c> as no name has.</param>
    public sealed record Subscribe(string? User, string Connection, IPAddress Remote, string Topic) : HookRequest(User, Connection, Remote);

    /// <summary>To publish.</summary>
    /// <param name="User">The user's id; null: anonymous.</param>
    /// <param name="Connection">As in the client's <c>welcome</c>.</param>
    /// <param name="Remote">The client's address.</param>
    /// <param name="Topic">Where.</param>
    /// <param name="Data">One value, as the client wrote it.</param>
    /// <param name="Format">How it is written.</param>
    public sealed record Publish(string? User, string Connection, IPAddress Remote, string Topic, ReadOnlyMemory<byte> Data, WireFormat Format)
        : HookRequest(User, Connection, Remote)
    {
        /// <summary>The value as JSON, in whichever format it was written.</summary>
        /// <exception cref="JsonException">It has no form in JSON that could be read.</exception>
        public JsonElement ToJson()
        {
            if (Format == WireFormat.Json)
            {
                return JsonElement.Parse(Data.Span);
            }

            var json = new ArrayBufferWriter<byte>(Data.Length);
            return WireBridge.TryCarry(Data.Span, Format, json) ? JsonElement.Parse(json.WrittenSpan) : throw new JsonException("MessagePack without a form in JSON");
        }
    }
}
