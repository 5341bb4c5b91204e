namespace Broker.Tests.Conformance;

/// <summary>A checker that cannot fail proves nothing: peers that do one thing wrong are caught at it.</summary>
public sealed class MisbehaviourSpecs
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<Misbehaviour, string, string> Wrong => new()
    {
        { Misbehaviour.RefusesTheUpgrade, "1.1.1", "the upgrade was refused" },
        { Misbehaviour.AnswersAnExtensionNobodyOffered, "1.1.1", "fits no offer" },
        { Misbehaviour.ChangesAByte, "1.1.2", "came" },
        { Misbehaviour.ChangesAByte, "9.2.1", "came" },
        { Misbehaviour.ChangesAByte, "12.1.1", "came" },
        { Misbehaviour.CutsMessages, "1.2.4", "came" },
        { Misbehaviour.SwapsTextAndBinary, "1.1.1", "came" },
        { Misbehaviour.EchoesTwice, "1.1.1", "came" },
        { Misbehaviour.ForgetsMessages, "5.3", "nothing came" },
        { Misbehaviour.SendsNonsenseBetween, "1.1.1", "opcode 3" },
        { Misbehaviour.WritesLongLengths, "1.1.2", "more bytes than it needs" },
        { Misbehaviour.MasksItsFrames, "1.1.2", "masked" },
        { Misbehaviour.SetsReservedBits, "1.1.2", "RSV 2" },
        { Misbehaviour.FragmentsPongs, "2.2", "control frame" },
        { Misbehaviour.PongsEmpty, "2.2", "came" },
        { Misbehaviour.PongsLate, "5.6", "came" },
        { Misbehaviour.AnswersPongs, "2.8", "came" },
        { Misbehaviour.TakesReservedBits, "3.1", "came" },
        { Misbehaviour.TakesReservedBits, "3.2", "came" },
        { Misbehaviour.TakesReservedOpcodes, "4.1.2", "neither closed" },
        { Misbehaviour.TakesLongPings, "2.5", "control frame" },
        { Misbehaviour.TakesFragmentedControls, "5.1", "came" },
        { Misbehaviour.TakesContinuationsOfNothing, "5.9", "came" },
        { Misbehaviour.TakesMessagesInsideMessages, "5.18", "came" },
        { Misbehaviour.TakesInvalidText, "6.3.1", "invalid UTF-8" },
        { Misbehaviour.TakesInvalidText, "6.6.1", "invalid UTF-8" },
        { Misbehaviour.FailsWithAnotherCode, "6.3.1", "closed with 1011, not 1007" },
        { Misbehaviour.FailsWithAnotherCode, "3.1", "closed with 1011, not 1002" },
        { Misbehaviour.TakesForbiddenCloseCodes, "7.9.1", "closed with 1000, not 1002" },
        { Misbehaviour.TakesShortCloses, "7.3.2", "not 1002" },
        { Misbehaviour.AnswersAnotherCloseCode, "7.1.1", "closed with 1001, not 1000" },
        { Misbehaviour.AnswersAnotherCloseCode, "7.7.13", "closed with 1001, not 4999" },
        { Misbehaviour.NeverAnswersAClose, "7.3.3", "neither closed" },
        { Misbehaviour.EndsWithoutAClose, "7.3.3", "without a close frame" },
        { Misbehaviour.GoesOnAfterTheClose, "7.1.3", "after the close frame" },
        { Misbehaviour.NeverEndsTheConnection, "7.1.1", "ended when time was up" },
        { Misbehaviour.ClosesByItself, "1.1.1", "nothing came" },
        { Misbehaviour.LeavesOutWhatItMustAnswer, "13.2.1", "fits no offer" },
        { Misbehaviour.None, "13.3.1", "fits no offer" },
        { Misbehaviour.TakesOverContextAgainstTheAnswer, "13.2.4", "" },
        { Misbehaviour.CompressesWithoutAnExtension, "1.1.2", "RSV 4" },
        { Misbehaviour.CompressesGarbage, "12.1.4", "" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task Misbehaving_peer_fails(Misbehaviour wrong, string @case, string reason)
    {
        var result = await PlayAsync(wrong, @case);
        Assert.True(result.Verdict == Verdict.Failed, result.ToString());
        Assert.Contains(reason, result.Reason, StringComparison.Ordinal);
        Assert.NotEmpty(result.Trace);
    }

    public static TheoryData<Misbehaviour, string> Lenient => new()
    {
        { Misbehaviour.ChecksTextAtItsEnd, "6.4.1" },
        { Misbehaviour.ChecksTextAtItsEnd, "6.4.2" },
        { Misbehaviour.FailsWithoutACode, "4.1.1" },
        { Misbehaviour.FailsWithoutAClose, "3.1" },
        { Misbehaviour.FailsWithoutAClose, "7.9.2" },
    };

    [Theory]
    [MemberData(nameof(Lenient))]
    public async Task Lenient_peer_is_not_strict(Misbehaviour wrong, string @case)
    {
        var result = await PlayAsync(wrong, @case);
        Assert.True(result.Verdict == Verdict.NonStrict && result.Reason.Length > 0, result.ToString());
    }

    [Fact]
    public async Task Peer_that_declines_is_unimplemented() =>
        Assert.Equal(Verdict.Unimplemented, (await PlayAsync(Misbehaviour.DeclinesCompression, "12.1.1")).Verdict);

    /// <summary>Peers fail at what they do wrong, for the same peer without it passes: all cases that it has to know.</summary>
    [Fact]
    public async Task Peer_that_does_nothing_wrong_passes()
    {
        await using var peer = new FakePeer(Misbehaviour.None);
        var patience = new Patience(() => peer.Ignored, Cancellation);

        // It reads whole frames, so it does not see what is wrong in half of one, and its window is as large as it is.
        var cases = Catalogue.All.Where(static one => one.Category is < 9 or 10 || one.Id is "12.1.1" or "12.2.11" or "13.2.4");
        foreach (var one in cases.Where(static one => one.Id is not ("6.4.3" or "6.4.4")))
        {
            var result = await CaseRun.PlayAsync(one, headers => peer.ConnectAsync(headers, Cancellation), patience);
            Assert.True(result.Verdict == Verdict.Ok, result.ToString());
        }
    }

    private static async Task<CaseResult> PlayAsync(Misbehaviour wrong, string id)
    {
        await using var peer = new FakePeer(wrong);

        // Nobody waits for a clock: time is up when the peer says that it ignores what it should answer.
        using var time = CancellationTokenSource.CreateLinkedTokenSource(Cancellation, wrong == Misbehaviour.ChecksTextAtItsEnd ? Cancellation : peer.Ignored);
        return await CaseRun.PlayAsync(Catalogue.Get(id), headers => peer.ConnectAsync(headers, Cancellation), new Patience(() => peer.Ignored, time.Token));
    }
}
