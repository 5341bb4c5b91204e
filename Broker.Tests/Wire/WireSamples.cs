using System.Text;
using Broker.Protocol.Wire;

namespace Broker.Tests.Wire;

/// <summary>Texts in and out of the JSON codec, for specs that compare strings.</summary>
internal static class WireSamples
{
    /// <summary>The smallest valid request of every type.</summary>
    public static readonly IReadOnlyDictionary<ClientMessageType, string> Smallest = new Dictionary<ClientMessageType, string>
    {
        [ClientMessageType.Auth] = """{"type":"auth","token":"x"}""",
        [ClientMessageType.Subscribe] = """{"type":"subscribe","topic":"a"}""",
        [ClientMessageType.Unsubscribe] = """{"type":"unsubscribe","topic":"a"}""",
        [ClientMessageType.Publish] = """{"type":"publish","topic":"a","data":1}""",
        [ClientMessageType.History] = """{"type":"history","topic":"a"}""",
        [ClientMessageType.Presence] = """{"type":"presence","topic":"a"}""",
        [ClientMessageType.Call] = """{"type":"call","method":"m","data":1}""",
        [ClientMessageType.Ping] = """{"type":"ping"}""",
        [ClientMessageType.RoomCreate] = """{"type":"room.create","kind":"k"}""",
        [ClientMessageType.RoomJoin] = """{"type":"room.join","room":"r"}""",
        [ClientMessageType.RoomLeave] = """{"type":"room.leave","room":"r"}""",
        [ClientMessageType.RoomSend] = """{"type":"room.send","room":"r","data":1}""",
        [ClientMessageType.RoomInput] = """{"type":"room.input","room":"r","seq":1,"data":1}""",
        [ClientMessageType.RoomSync] = """{"type":"room.sync","room":"r"}""",
        [ClientMessageType.RoomList] = """{"type":"room.list"}""",
        [ClientMessageType.MatchJoin] = """{"type":"match.join","kind":"k"}""",
        [ClientMessageType.MatchLeave] = """{"type":"match.leave","kind":"k"}""",
    };

    public static ErrorCode Decode(string frame, ClientMessageList into) =>
        JsonWireCodec.Instance.Decode(Encoding.UTF8.GetBytes(frame), into);

    /// <summary>What is wrong with the frame as a whole.</summary>
    public static ErrorCode FrameError(string frame) => Decode(frame, new ClientMessageList());

    /// <summary>The one message of a frame.</summary>
    public static ClientMessage Single(string frame)
    {
        var list = new ClientMessageList();
        Assert.Equal(ErrorCode.None, Decode(frame, list));
        Assert.Equal(1, list.Count);
        return list[0];
    }

    public static string Text(ReadOnlyMemory<byte> utf8) => Encoding.UTF8.GetString(utf8.Span);

    public static ReadOnlyMemory<byte> Bytes(string text) => Encoding.UTF8.GetBytes(text);

    public static WireId Number(long number) => WireId.TryCreate(number, out var id) ? id : throw new ArgumentOutOfRangeException(nameof(number));

    public static WireId Named(string text) => WireId.TryCreate(Bytes(text), out var id) ? id : throw new ArgumentOutOfRangeException(nameof(text));

    /// <summary>A frame with <paramref name="levels"/> levels of arrays around nothing.</summary>
    public static string Nested(int levels) => new string('[', levels) + new string(']', levels);
}
