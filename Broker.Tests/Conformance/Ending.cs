namespace Broker.Tests.Conformance;

/// <summary>How a case must end.</summary>
/// <param name="ByPeer">The peer fails the connection; else it answers the tester's close.</param>
/// <param name="Sends">The tester closes with 1000 behind the last step; else the steps hold a close frame, or none is needed.</param>
/// <param name="Codes">Close codes this server promises; 1005 is a close frame without one.</param>
/// <param name="Tolerated">Codes the RFC allows as well.</param>
/// <param name="MayDrop">The RFC allows the peer to end the connection without a close frame.</param>
internal sealed record Ending(bool ByPeer, bool Sends, int[] Codes, int[] Tolerated, bool MayDrop)
{
    /// <summary>The tester closes, and the peer echoes the code (RFC 6455 section 5.5.1: "typically").</summary>
    public static readonly Ending Normal = new(ByPeer: false, Sends: true, [1000], [1005], MayDrop: false);

    /// <summary>Section 7.1.7: the peer fails the connection, and should say why.</summary>
    public static Ending Fails(int code) => new(ByPeer: true, Sends: false, [code], [1005], MayDrop: true);

    /// <summary>The steps hold a close frame which the peer echoes.</summary>
    public static Ending Echoes(params int[] codes) => new(ByPeer: false, Sends: false, codes, [1000, 1005], MayDrop: false);

    /// <summary>The steps hold a close frame that is wrong.</summary>
    public static Ending Refuses(int code, params int[] tolerated) => new(ByPeer: false, Sends: false, [code], tolerated, MayDrop: true);
}
