using System.Text.RegularExpressions;
using System.Threading.Channels;
using Broker.Tests.Support;

namespace Broker.Tests.Clients;

/// <summary>What README says of topics that are watched without a WebSocket, as it stands there but for the port.</summary>
[Collection(RealClients.Name)]
public sealed partial class EventStreamSpecs(OneNode shared) : BrowserSpecs
{
    [Fact]
    public async Task Command_of_README_watches_a_topic_with_curl()
    {
        var address = Command().Match(await ReadmeAsync()).Groups[1].Value;
        await using var curl = ChildProcess.Start(RequiredTool.Find("curl"), ["-sS", "-N", address]);
        await curl.WaitForLineAsync(Subscribed(), Cancellation);
        await PublishAsync();
        await curl.WaitForLineAsync(Message(), Cancellation);
    }

    [Fact]
    public async Task Line_of_README_watches_a_topic_with_an_EventSource()
    {
        var page = await NewPageAsync();
        var logged = Channel.CreateUnbounded<string>();
        page.Console += (_, message) => logged.Writer.TryWrite(message.Text);
        await page.GotoAsync(shared.Node.Http.AbsoluteUri);

        await page.PasteAsync(Line().Match(await ReadmeAsync()).Groups[1].Value);
        await LoggedAsync("\"type\":\"subscribed\"");
        await PublishAsync();
        await LoggedAsync("\"data\":\"watched\"");

        async Task LoggedAsync(string part)
        {
            while (!(await logged.Reader.ReadAsync(Cancellation)).Contains(part, StringComparison.Ordinal))
            {
            }
        }
    }

    private async Task PublishAsync()
    {
        await using var publisher = await JsonClient.ConnectAsync(shared.Node.WebSocket, Cancellation);
        await publisher.PublishAsync("chat.lobby", "watched", Cancellation);
    }

    private async Task<string> ReadmeAsync() =>
        (await File.ReadAllTextAsync(Path.Combine(SourceTree.Root, "README.md"), Cancellation)).Replace("localhost:8080", $"localhost:{shared.Node.Http.Port}", StringComparison.Ordinal);

    [GeneratedRegex("`curl -N '([^']+)'`")]
    private static partial Regex Command();

    [GeneratedRegex("`(new EventSource[^`]+)`")]
    private static partial Regex Line();

    [GeneratedRegex("^data: .*\"type\":\"subscribed\"")]
    private static partial Regex Subscribed();

    [GeneratedRegex("^data: .*\"data\":\"watched\"")]
    private static partial Regex Message();
}
