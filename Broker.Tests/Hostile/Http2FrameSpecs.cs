namespace Broker.Tests.Hostile;

/// <summary>The frames of <see cref="FrameSpecs"/> on streams of HTTP/2 connections: the same answers.</summary>
public sealed class Http2FrameSpecs(Http2Node shared) : IClassFixture<Http2Node>
{
    [Theory]
    [MemberData(nameof(FrameSpecs.Wrong), MemberType = typeof(FrameSpecs))]
    public Task A_frame_is_answered_as_in_HTTP_1(string what, byte[] frame, int code) =>
        FrameSpecs.IsAnsweredAsync(shared.Node, what, frame, code, () => shared.ClientAsync());
}
