namespace Broker.Tests.Conformance;

/// <summary>What a <see cref="FakePeer"/> does wrong; everything else it does right.</summary>
public enum Misbehaviour
{
    /// <summary>Nothing.</summary>
    None,
    RefusesTheUpgrade,
    AnswersAnExtensionNobodyOffered,
    ChangesAByte,
    CutsMessages,
    SwapsTextAndBinary,
    EchoesTwice,
    ForgetsMessages,
    SendsNonsenseBetween,
    WritesLongLengths,
    MasksItsFrames,
    SetsReservedBits,
    FragmentsPongs,
    PongsEmpty,
    PongsLate,
    AnswersPongs,
    TakesReservedBits,
    TakesReservedOpcodes,
    TakesLongPings,
    TakesFragmentedControls,
    TakesContinuationsOfNothing,
    TakesMessagesInsideMessages,
    TakesInvalidText,

    /// <summary>Looks at text when it is whole; allowed, but not strict.</summary>
    ChecksTextAtItsEnd,
    FailsWithAnotherCode,

    /// <summary>Allowed, but not strict.</summary>
    FailsWithoutACode,

    /// <summary>Allowed, but not strict.</summary>
    FailsWithoutAClose,
    TakesForbiddenCloseCodes,
    TakesShortCloses,
    AnswersAnotherCloseCode,
    NeverAnswersAClose,
    EndsWithoutAClose,
    GoesOnAfterTheClose,
    NeverEndsTheConnection,
    ClosesByItself,
    DeclinesCompression,
    LeavesOutWhatItMustAnswer,
    TakesOverContextAgainstTheAnswer,
    CompressesWithoutAnExtension,
    CompressesGarbage,
}
