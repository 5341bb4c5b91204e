namespace Broker.Tests.Http;

/// <summary>
/// Chunks whose extensions two parsers could end at different places. They are Kestrel's, behind our front door: what lies
/// hidden in them must not be taken for a request.
/// </summary>
public sealed class ChunkExtensionSpecs
{
    private const string Hidden = "GET /about HTTP/1.1\r\nHost: a\r\n\r\n";

    public static TheoryData<string, string> Bodies => new()
    {
        { "a bare CR in an extension", "5;a\rb\r\nhello\r\n0\r\n\r\n" },
        { "a bare CR at the end of an extension", "5;a\r\r\nhello\r\n0\r\n\r\n" },
        { "a bare CR instead of the end of the line", "5;a\rhello\r\n0\r\n\r\n" },
        { "a bare LF in an extension", "5;a\nb\r\nhello\r\n0\r\n\r\n" },
        { "a bare LF instead of the end of the line", "5;a\nhello\r\n0\r\n\r\n" },
        { "a request behind a bare LF", $"2;\nxx\r\n4c\r\n0\r\n\r\n{Hidden}" },
        { "a request behind a bare CR", $"2;\rxx\r\n4c\r\n0\r\n\r\n{Hidden}" },
        { "a bare LF behind the size", "5\nhello\r\n0\r\n\r\n" },
        { "a bare CR behind the size", "5\rhello\r\n0\r\n\r\n" },
        { "a size that is none", "5 5\r\nhello\r\n0\r\n\r\n" },
        { "a size in other digits", "0x5\r\nhello\r\n0\r\n\r\n" },
        { "a negative size", "-5\r\nhello\r\n0\r\n\r\n" },
    };

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task A_chunk_that_two_parsers_could_end_differently_is_refused_or_read_as_it_is_meant(string what, string body)
    {
        await using var harness = await FrontDoorHarness.StartAsync();
        using var client = await harness.ConnectAsync();
        await client.SendAsync($"POST /length HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{body}");
        var answer = await client.ReadToEndAsync();

        Assert.True(answer.StartsWith("HTTP/1.1 400 ", StringComparison.Ordinal), $"{what}: {answer}");
        Assert.Equal(1, answer.Split("HTTP/1.1 ").Length - 1);
    }

    /// <summary>Kestrel calls it the application's error, and ends the connection all the same.</summary>
    [Fact]
    public async Task A_size_beyond_64_bits_ends_the_connection()
    {
        await using var harness = await FrontDoorHarness.StartAsync();
        using var client = await harness.ConnectAsync();
        await client.SendAsync($"POST /length HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{Hidden}");
        var answer = await client.ReadToEndAsync();

        Assert.Matches("^HTTP/1\\.1 (400|500) ", answer);
        Assert.Equal(1, answer.Split("HTTP/1.1 ").Length - 1);
    }

    [Fact]
    public async Task An_extension_that_nobody_can_misread_is_no_error()
    {
        await using var harness = await FrontDoorHarness.StartAsync();
        using var client = await harness.ConnectAsync();
        await client.SendAsync("POST /length HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5;a=b;c=\"d\"\r\nhello\r\n0\r\n\r\n");
        var answer = await client.ReadToEndAsync();

        Assert.StartsWith("HTTP/1.1 200 ", answer, StringComparison.Ordinal);
        Assert.Contains("5 ", answer, StringComparison.Ordinal);
    }
}
