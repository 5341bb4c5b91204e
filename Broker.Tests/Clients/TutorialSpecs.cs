using System.Text.RegularExpressions;
using Broker.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Broker.Tests.Clients;

/// <summary>The chat of the tutorial, as it stands there but for the port.</summary>
[Collection(RealClients.Name)]
public sealed partial class TutorialSpecs(OneNode shared) : BrowserSpecs
{
    [Fact]
    public async Task Chat_of_the_tutorial_has_history_presence_and_typing()
    {
        var ann = await OpenChatAsync("Ann");
        await SayAsync(ann, "Anybody?");
        await Expect(ann.Locator("#said li")).ToHaveTextAsync("Ann: Anybody?");

        var bob = await OpenChatAsync("Bob");
        await Expect(bob.Locator("#said li")).ToHaveTextAsync("Ann: Anybody?");
        await Expect(ann.Locator("#people")).ToHaveTextAsync("2 people");
        await bob.Locator("#text").PressSequentiallyAsync("Yes");
        await Expect(ann.Locator("#typing")).ToHaveTextAsync("Bob is typing …");
        await bob.Locator("#text").PressAsync("Enter");
        await Expect(ann.Locator("#said li")).ToHaveTextAsync(["Ann: Anybody?", "Bob: Yes"]);
        await Expect(ann.Locator("#typing")).ToHaveTextAsync("");

        await bob.EvaluateAsync("client.close()");
        await SayAsync(ann, "Bob?");
        await Expect(ann.Locator("#said li")).ToHaveCountAsync(3);
        await Expect(bob.Locator("#people")).ToHaveTextAsync("0 people");
        await bob.EvaluateAsync("client.open()");
        await Expect(bob.Locator("#said li")).ToHaveTextAsync(["Ann: Anybody?", "Bob: Yes", "Ann: Bob?"]);
        Assert.Empty(Faults);
    }

    private static async Task SayAsync(IPage page, string text)
    {
        await page.Locator("#text").FillAsync(text);
        await page.Locator("#text").PressAsync("Enter");
    }

    private async Task<IPage> OpenChatAsync(string name)
    {
        var text = await File.ReadAllTextAsync(Path.Combine(SourceTree.Root, "docs", "TUTORIAL-CHAT.md"), Cancellation);
        var html = Html().Match(text).Groups[1].Value;
        Assert.InRange(html.Split('\n').Length, 50, 101);
        html = html.Replace("localhost:8080", $"localhost:{shared.Node.Http.Port}", StringComparison.Ordinal)
            .Replace("const client = ", "const client = window.client = ", StringComparison.Ordinal);
        var page = await NewPageAsync();
        await page.RouteAsync("http://localhost:8000/chat.html", route => route.FulfillAsync(new() { Body = html, ContentType = "text/html" }));
        await page.RouteAsync("http://localhost:8000/favicon.ico", static route => route.FulfillAsync(new() { Status = 204 }));
        await page.GotoAsync("http://localhost:8000/chat.html");
        await page.Locator("#name").FillAsync(name);
        return page;
    }

    [GeneratedRegex("^```html\n(.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Html();
}
