using System.Text.RegularExpressions;
using Broker.Tests.Support;

namespace Broker.Tests.Clients;

[Collection(RealClients.Name)]
public sealed partial class CurlSpecs(OneNode shared) : RealClientSpecs
{
    // The key and the answer to it are the example of RFC 6455 section 1.3.
    private static readonly string[] UpgradeHeaders =
    [
        "-H", "Connection: Upgrade", "-H", "Upgrade: websocket", "-H", "Sec-WebSocket-Version: 13",
        "-H", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ];

    [Fact]
    public async Task Page_is_served()
    {
        var answer = await CurlAsync(shared.Node.Http.AbsoluteUri);

        Assert.Contains("HTTP/1.1 200", answer, StringComparison.Ordinal);
        Assert.Contains("<title>Broker</title>", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("app.js", "text/javascript")]
    [InlineData("pane.js", "text/javascript")]
    [InlineData("closing.js", "text/javascript")]
    [InlineData("style.css", "text/css")]
    public async Task Parts_of_the_page_are_served_as_what_they_are(string file, string contentType)
    {
        var answer = await CurlAsync(new Uri(shared.Node.Http, file).AbsoluteUri);

        Assert.Contains("HTTP/1.1 200", answer, StringComparison.Ordinal);
        Assert.Contains($"Content-Type: {contentType}", answer, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("live")]
    [InlineData("ready")]
    [InlineData("startup")]
    public async Task Health_of_a_ready_node_is_200(string probe)
    {
        var answer = await CurlAsync(new Uri(shared.Node.Ops, $"/health/{probe}").AbsoluteUri);

        Assert.Contains("HTTP/1.1 200", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Health_is_not_on_the_public_port()
    {
        var answer = await CurlAsync(new Uri(shared.Node.Http, "/health/live").AbsoluteUri);

        Assert.Contains("HTTP/1.1 404", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plain_request_on_the_socket_path_is_told_to_upgrade()
    {
        var answer = await CurlAsync(new Uri(shared.Node.Http, "/ws").AbsoluteUri);

        Assert.Contains("HTTP/1.1 426", answer, StringComparison.Ordinal);
        Assert.Contains("Upgrade: websocket", answer, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("Sec-WebSocket-Version: 13", answer, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Upgrade_is_answered_with_101_and_the_accept_key()
    {
        // -N: not buffered. The connection stays open, so the first message is awaited and curl is ended by disposal.
        await using var curl = ChildProcess.Start(
            RequiredTool.Find("curl"), ["-sS", "-i", "-N", "--http1.1", .. UpgradeHeaders, new Uri(shared.Node.Http, "/ws").AbsoluteUri]);

        await curl.WaitForLineAsync(SwitchingProtocols(), Cancellation);
        await curl.WaitForLineAsync(AcceptKey(), Cancellation);
    }

    private async Task<string> CurlAsync(params string[] arguments)
    {
        var (exitCode, output) = await ChildProcess.RunAsync(
            RequiredTool.Find("curl"), ["-sS", "-i", "--max-time", "20", .. arguments], Cancellation);
        Assert.True(exitCode == 0, output);
        return output;
    }

    [GeneratedRegex("^HTTP/1.1 101 ")]
    private static partial Regex SwitchingProtocols();

    [GeneratedRegex(@"^Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=", RegexOptions.IgnoreCase)]
    private static partial Regex AcceptKey();
}
