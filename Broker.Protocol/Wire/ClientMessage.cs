namespace Broker.Protocol.Wire;

/// <summary>
/// One decoded element of a client's frame, in no particular wire format. Texts are unescaped UTF-8 and raw values
/// are in the codec's own format; both are slices of the frame wherever possible and live as long as it does.
/// Only the keys that PROTOCOL.md lists for <see cref="Type"/> mean anything: others were ignored, whatever they held.
/// </summary>
public struct ClientMessage
{
    private bool _echoOff;

    /// <summary>
    /// What is wrong with this element, <see cref="ErrorCode.None"/> if nothing is: <c>unknown_type</c>, or
    /// <c>invalid_message</c> for no map, a required key that is missing, or a key with a value it may not have.
    /// </summary>
    public ErrorCode Error { readonly get; internal set; }

    public ClientMessageType Type { readonly get; internal set; }

    /// <summary>
    /// The keys that stand in it, known to its type or not, with values they may have or not; without those that ask for nothing,
    /// false or no messages.
    /// </summary>
    internal RequestKey Asked { readonly get; set; }

    /// <summary>Also set beside an <see cref="Error"/>, when it could be read, so that the error carries it.</summary>
    public WireId Id { readonly get; internal set; }

    /// <summary>A topic or pattern as the client wrote it; its grammar is not checked here.</summary>
    public ReadOnlyMemory<byte> Topic { readonly get; internal set; }

    /// <summary>The encoded value, validated, without surrounding white space. For calls the argument, for rooms what belongs to the request.</summary>
    public ReadOnlyMemory<byte> Data { readonly get; internal set; }

    /// <summary>False only if there was no <c>data</c>: a null is data.</summary>
    public readonly bool HasData => !Data.IsEmpty;

    /// <summary>Idempotency key, 1-64 bytes; empty for none.</summary>
    public ReadOnlyMemory<byte> Key { readonly get; internal set; }

    /// <summary>The token of <c>auth</c> or <c>subscribe</c>, the reconnection token of <c>room.join</c>.</summary>
    public ReadOnlyMemory<byte> Token { readonly get; internal set; }

    /// <summary>Whether a publish goes live to its own connection too; by default it does.</summary>
    public bool Echo { readonly get => !_echoOff; internal set => _echoOff = !value; }

    /// <summary>Under which name a publish is kept, 1-255 bytes; empty for none.</summary>
    public ReadOnlyMemory<byte> Entry { readonly get; internal set; }

    /// <summary>A publish takes its entry away; then there is no <see cref="Data"/>, whatever the message had.</summary>
    public bool Remove { readonly get; internal set; }

    /// <summary>What the entry of a publish must be at; offset 0: it must not be there.</summary>
    public WirePosition? If { readonly get; internal set; }

    public WirePosition? Recover { readonly get; internal set; }

    /// <summary>0-300.</summary>
    public int? Last { readonly get; internal set; }

    /// <summary><c>subscribe</c> asks to see the other members.</summary>
    public bool Presence { readonly get; internal set; }

    /// <summary>History after this position, which is not part of it.</summary>
    public WirePosition? Since { readonly get; internal set; }

    /// <summary>0-300.</summary>
    public int? Limit { readonly get; internal set; }

    public bool Reverse { readonly get; internal set; }

    public ReadOnlyMemory<byte> Method { readonly get; internal set; }

    /// <summary>Milliseconds, 0..2^53-1.</summary>
    public long? Timeout { readonly get; internal set; }

    /// <summary>Room or match kind; empty for none.</summary>
    public ReadOnlyMemory<byte> Kind { readonly get; internal set; }

    public ReadOnlyMemory<byte> Room { readonly get; internal set; }

    /// <summary>An encoded map; empty for none.</summary>
    public ReadOnlyMemory<byte> Options { readonly get; internal set; }

    /// <summary>Filters, an encoded map; empty for none.</summary>
    public ReadOnlyMemory<byte> Match { readonly get; internal set; }

    public ReadOnlyMemory<byte> Code { readonly get; internal set; }

    /// <summary><c>as</c> is <c>spectator</c>; the default is <c>player</c>.</summary>
    public bool Spectator { readonly get; internal set; }

    public long? Seq { readonly get; internal set; }

    public ReadOnlyMemory<byte> Name { readonly get; internal set; }

    /// <summary>A player.</summary>
    public ReadOnlyMemory<byte> To { readonly get; internal set; }

    /// <summary>Where a list goes on, as an earlier answer gave it.</summary>
    public ReadOnlyMemory<byte> After { readonly get; internal set; }

    /// <summary>Finite.</summary>
    public double? Skill { readonly get; internal set; }
}

/// <summary>A place in a sequenced topic.</summary>
/// <param name="Epoch">Unescaped UTF-8, opaque to clients. When decoded, a slice of the frame.</param>
/// <param name="Offset">0..2^53-1; in <c>recover</c> the last one seen, 0 for none.</param>
public readonly record struct WirePosition(ReadOnlyMemory<byte> Epoch, long Offset);
