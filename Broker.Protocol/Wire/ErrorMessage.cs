namespace Broker.Protocol.Wire;

/// <summary>Something was refused; sent also for a request without id.</summary>
/// <param name="Code">Not <see cref="ErrorCode.None"/>.</param>
/// <param name="Id">Of the request, where it could be read.</param>
public readonly record struct ErrorMessage(ErrorCode Code, WireId Id = default)
{
    /// <summary>For people; null: the text of <see cref="ErrorCodes.Text"/>.</summary>
    public string? Text { get; init; }

    /// <summary>UTF-8 of the topic it is about; left out when empty.</summary>
    public ReadOnlyMemory<byte> Topic { get; init; }

    /// <summary>Milliseconds; left out when null.</summary>
    public long? RetryAfter { get; init; }
}
