using Broker.Protocol.Frames;
using Broker.Protocol.Session;
using Broker.Tests.Support;
using CsCheck;

namespace Broker.Tests.Session;

/// <summary>Any conversation, also a hostile one: no exception, and the same events however the bytes are cut.</summary>
public sealed class WebSocketSessionProperties
{
    private static readonly WebSocketLimits Limits = new() { Message = 300, Fragments = 4, ControlFrames = 3 };

    private static readonly Gen<byte[]> Payload = Gen.OneOf(
        Gen.Byte.Array[0, 40],
        Gen.String[0, 40].Select(System.Text.Encoding.UTF8.GetBytes),
        Gen.Int[120, 320].Select(length => new byte[length]),
        Gen.OneOf(1000, 1005, 3000, 999).Select(code => new[] { (byte)(code >> 8), (byte)code }));

    private static readonly Gen<byte[]> Frame =
        from payload in Payload
        from opcode in Gen.Frequency((20, Gen.OneOf(0, 1, 2)), (5, Gen.OneOf(8, 9, 10)), (1, Gen.Int[0, 15]))
        from fin in Gen.Frequency((3, Gen.Const(true)), (1, Gen.Const(false)))
        from rsv in Gen.Frequency((40, Gen.Const(0)), (1, Gen.Int[1, 7]))
        from masked in Gen.Frequency((40, Gen.Const(true)), (1, Gen.Const(false)))
        from announced in Gen.Frequency((40, Gen.Const((ulong?)null)), (1, Gen.ULong.Select(length => (ulong?)length)))
        select TestFrame.Build(opcode, payload, fin, rsv, masked, announced: announced);

    [Fact]
    public void Frames_right_and_wrong_give_the_same_events_in_every_segmentation() =>
        Frame.Array[1, 12].Sample(frames => AssertSound(SessionProbe.Receive(WebSocketRole.Server, [.. frames.SelectMany(frame => frame)], Limits)));

    [Fact]
    public void Noise_gives_the_same_events_in_every_segmentation() =>
        Gen.Select(Gen.Byte.Array[0, 200], Gen.OneOf(WebSocketRole.Server, WebSocketRole.Client)).Sample((bytes, role) =>
            AssertSound(SessionProbe.Receive(role, bytes, Limits)));

    [Fact]
    public void Same_holds_after_the_own_close() =>
        Frame.Array[1, 12].Sample(frames =>
        {
            var probe = SessionProbe.Receive(
                WebSocketRole.Server, [.. frames.SelectMany(frame => frame)], Limits, (session, handler) => session.Close(CloseCode.GoingAway, "", handler));
            Assert.Equal("sent Close 880203e9", probe.Events[0]);
            Assert.All(probe.Events.Skip(1), line => Assert.StartsWith("closed", line, StringComparison.Ordinal));
        });

    [Fact]
    public void Messages_split_into_any_fragments_come_out_whole() =>
        Gen.Select(Gen.String[0, 100], Gen.Int[1, 20]).Sample((text, part) =>
        {
            var bytes = System.Text.Encoding.UTF8.GetBytes(text);
            var chunks = bytes.Length == 0 ? [[]] : bytes.Chunk(part).ToArray();
            var frames = chunks.Select((chunk, i) => TestFrame.Build(i == 0 ? 1 : 0, chunk, i == chunks.Length - 1));
            Assert.Equal([$"Text \"{System.Text.Encoding.UTF8.GetString(bytes)}\""], SessionProbe.Receive(WebSocketRole.Server, [.. frames.SelectMany(frame => frame)]).Events);
        });

    // At most one close frame is sent, and it is the last event; a failure always has a code that may be sent.
    private static void AssertSound(SessionProbe probe)
    {
        var close = probe.Events.ToList().FindIndex(line => line.StartsWith("sent Close", StringComparison.Ordinal));
        Assert.True(close < 0 ? probe.State == WebSocketState.Open : close == probe.Events.Count - 1);
        Assert.Equal(probe.State == WebSocketState.Failed, probe.Failure is { } code && CloseCodes.MayBeSent(code));
    }
}
