namespace Broker.Node.Delivery;

/// <summary>Makes of log entries what a client is sent of them. Of one writer at a time; holds nothing between two <see cref="Finish"/>.</summary>
internal interface IPushGatherer
{
    /// <summary>Messages since the last <see cref="Finish"/>.</summary>
    int Count { get; }

    /// <summary>Adds as many whole entries as there is room for.</summary>
    /// <param name="destination">The same for every call; what it is long is all there is room for.</param>
    /// <param name="segment">Where the entries lie.</param>
    /// <param name="start">Where the first of them starts.</param>
    /// <param name="end">The end of the last of them.</param>
    /// <returns>Behind the last that was taken; <paramref name="start"/> for none.</returns>
    int Add(Span<byte> destination, LogSegment segment, int start, int end);

    /// <summary>Ends what was added, at least one entry.</summary>
    /// <param name="destination">As for <see cref="Add"/>.</param>
    /// <returns>Where in it the bytes for the client are.</returns>
    (int Start, int Length) Finish(Span<byte> destination);

    /// <summary>One entry that is too large for <see cref="Add"/>, in an array that stays as it is until it has been written.</summary>
    ArraySegment<byte> Alone(LogSegment segment, int start, int end);
}
