using Broker.Node.Configuration.Options;
using Broker.Protocol.Wire;

namespace Broker.Node.Topics;

/// <summary>What a topic's settings ask of <c>data</c>, whoever publishes. Thread-safe.</summary>
/// <param name="html">For topics with <c>sanitise = html</c>; null where there is none.</param>
internal sealed class PayloadChecks(IPayloadSanitiser? html)
{
    public static PayloadChecks Of(BrokerOptions options) =>
        new(options.Topics.Any(static topic => topic.Sanitise == Sanitising.Html) ? new HtmlPayloadSanitiser(options.Limits.Tags) : null);

    /// <param name="topic">The topic's settings.</param>
    /// <param name="format">Of <paramref name="data"/>.</param>
    /// <param name="largest">Bytes of data that the publisher may send where the topic says nothing.</param>
    /// <param name="data">The encoded value; replaced by what may be published.</param>
    public ErrorCode Apply(TopicOptions topic, WireFormat format, int largest, ref ReadOnlyMemory<byte> data)
    {
        largest = topic.MaxSize > 0 ? topic.MaxSize : largest;
        if (data.Length > largest)
        {
            return ErrorCode.TooLarge;
        }

        if (topic.Sanitise == Sanitising.None)
        {
            return ErrorCode.None;
        }

        if (!html!.TrySanitise(format, data, out data))
        {
            return ErrorCode.LimitExceeded;
        }

        // Closing what was left open, and escaping, makes it longer.
        return data.Length > largest ? ErrorCode.TooLarge : ErrorCode.None;
    }
}
