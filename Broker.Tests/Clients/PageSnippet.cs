using Microsoft.Playwright;

namespace Broker.Tests.Clients;

/// <summary>The demo page's snippet for the browser's console.</summary>
internal static class PageSnippet
{
    /// <summary>Evaluates the text that the page shows, as the console does: in its REPL mode, beyond what the page's policy lets in.</summary>
    /// <returns>The snippet.</returns>
    public static async Task<string> PasteSnippetAsync(this IPage page)
    {
        var snippet = await page.Locator("#snippet").TextContentAsync() ?? "";
        var console = await page.Context.NewCDPSessionAsync(page);
        var answer = await console.SendAsync("Runtime.evaluate", new() { ["expression"] = snippet, ["replMode"] = true, ["userGesture"] = true });
        Assert.False(answer!.Value.TryGetProperty("exceptionDetails", out var thrown), $"{snippet}\n{thrown}");
        return snippet;
    }
}
