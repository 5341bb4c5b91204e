using Broker.Protocol.Deflate;
using Broker.Protocol.Frames;
using Broker.Protocol.Session;
using Microsoft.Extensions.Time.Testing;

namespace Broker.Tests.Support;

/// <summary>What a session made of some bytes; built only if it is the same for every segmentation of them.</summary>
internal sealed record SessionProbe(IReadOnlyList<string> Events, WebSocketState State, CloseCode? Failure)
{
    public static readonly WebSocketLimits Unlimited = new() { Message = 1 << 20, ControlFrames = 0 };

    /// <summary>Feeds the bytes to fresh sessions, once for every segmentation.</summary>
    /// <param name="role">The session's.</param>
    /// <param name="input">What the peer sends.</param>
    /// <param name="limits">Null: wide ones, no control frame rate.</param>
    /// <param name="before">Runs before the first byte.</param>
    /// <param name="deflate">What was negotiated.</param>
    public static SessionProbe Receive(
        WebSocketRole role,
        byte[] input,
        WebSocketLimits? limits = null,
        Action<WebSocketSession, RecordingHandler>? before = null,
        DeflateParameters? deflate = null)
    {
        SessionProbe? first = null;
        foreach (var (name, cut) in Segmentation.All)
        {
            var handler = new RecordingHandler { RecordsFrames = role == WebSocketRole.Server };
            using var session = new WebSocketSession(role, limits ?? Unlimited, new FakeTimeProvider(), deflate);
            before?.Invoke(session, handler);
            foreach (var segment in cut(input))
            {
                session.Receive(segment, handler);
            }

            var probe = new SessionProbe(handler.Events, session.State, session.Failure);
            first ??= probe;
            Assert.True(first.Events.SequenceEqual(probe.Events) && first.State == probe.State && first.Failure == probe.Failure,
                $"{name} differs: [{string.Join("; ", probe.Events)}] {probe.State} against [{string.Join("; ", first.Events)}] {first.State}");
        }

        return first!;
    }

    /// <summary>The session failed with this code, said so in one close frame, and reported nothing after <paramref name="earlier"/>.</summary>
    public void AssertFailed(CloseCode code, WebSocketRole role, params string[] earlier)
    {
        Assert.Equal(WebSocketState.Failed, State);
        Assert.Equal(code, Failure);
        Assert.Equal(earlier, Events.SkipLast(1));
        Assert.StartsWith("sent Close", Events[^1], StringComparison.Ordinal);
        if (role == WebSocketRole.Server)
        {
            // 88: FIN, Close; one length byte; then the code.
            Assert.StartsWith("sent Close 88", Events[^1], StringComparison.Ordinal);
            Assert.Equal($"{(int)code:x4}", Events[^1][15..19]);
        }
    }
}
