using System.Buffers;
using System.Text;
using Broker.Protocol.Wire;
using Broker.Tests.Wire;

namespace Broker.Tests.Contracts;

/// <summary>
/// A codec beside a reader and writer of its format that know nothing of it, so that one contract, written in JSON, can be
/// put to every codec.
/// </summary>
/// <param name="Codec">Under test.</param>
/// <param name="Encode">JSON text to the format.</param>
/// <param name="Show">An encoded value as JSON text; all of the bytes.</param>
public sealed record FormatSample(IWireCodec Codec, Func<string, byte[]> Encode, FormatSample.Shower Show)
{
    public static readonly FormatSample Json =
        new(JsonWireCodec.Instance, Encoding.UTF8.GetBytes, static bytes => Encoding.UTF8.GetString(bytes));

    public static readonly FormatSample MessagePack =
        new(MessagePackWireCodec.Instance, MessagePackSamples.Encode, MessagePackSamples.Show);

    public delegate string Shower(ReadOnlySpan<byte> bytes);

    public ErrorCode Decode(string json, ClientMessageList into) => Codec.Decode(Encode(json), into);

    /// <summary>The one message of a frame.</summary>
    public ClientMessage One(string json)
    {
        var list = new ClientMessageList();
        Assert.Equal(ErrorCode.None, Decode(json, list));
        Assert.Equal(1, list.Count);
        return list[0];
    }

    public string Written(Action<IWireCodec, IBufferWriter<byte>> write)
    {
        var output = new ArrayBufferWriter<byte>();
        write(Codec, output);
        return Show(output.WrittenSpan);
    }
}
