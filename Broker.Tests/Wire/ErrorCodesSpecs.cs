using Broker.Protocol.Wire;

namespace Broker.Tests.Wire;

public sealed class ErrorCodesSpecs
{
    // PROTOCOL.md, "Error codes", in its order.
    private const string Names =
        "invalid_json invalid_message unknown_type auth_required invalid_token token_expired forbidden rate_limited too_large "
        + "limit_exceeded invalid_topic unsupported stale_position conflict failed room_not_found room_full room_refused "
        + "unavailable timeout internal";

    private static IEnumerable<ErrorCode> All => Enum.GetValues<ErrorCode>().Where(code => code != ErrorCode.None);

    [Fact]
    public void Names_are_those_of_the_protocol() => Assert.Equal(Names, string.Join(' ', All.Select(ErrorCodes.Name)));

    [Theory]
    [InlineData(ErrorCode.InvalidJson, "Invalid JSON")]
    [InlineData(ErrorCode.InvalidMessage, "Invalid message format")]
    [InlineData(ErrorCode.RateLimited, "Rate limit exceeded")]
    public void Texts_that_clients_look_for_are_exact(ErrorCode code, string text) => Assert.Equal(text, ErrorCodes.Text(code));

    [Fact]
    public void Every_code_has_a_text_of_its_own()
    {
        var texts = All.Select(ErrorCodes.Text).ToList();
        Assert.Equal(texts.Count, texts.Distinct().Count());
        Assert.All(texts, Assert.NotEmpty);
    }

    [Theory]
    [InlineData(ErrorCode.None)]
    [InlineData((ErrorCode)200)]
    public void What_is_no_error_has_neither_name_nor_text(ErrorCode code)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => ErrorCodes.Name(code));
        Assert.Throws<ArgumentOutOfRangeException>(() => ErrorCodes.Text(code));
    }
}
