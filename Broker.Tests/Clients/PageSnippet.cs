using Microsoft.Playwright;

namespace Broker.Tests.Clients;

/// <summary>What people paste into the browser's console on the demo page.</summary>
internal static class PageSnippet
{
    /// <summary>Pastes the text that the page shows.</summary>
    /// <returns>The snippet.</returns>
    public static async Task<string> PasteSnippetAsync(this IPage page)
    {
        var snippet = await page.Locator("#snippet").TextContentAsync() ?? "";
        await page.PasteAsync(snippet);
        return snippet;
    }

    /// <summary>Evaluates a text as the console does: in its REPL mode, beyond what the page's policy lets in.</summary>
    public static async Task PasteAsync(this IPage page, string text)
    {
        var console = await page.Context.NewCDPSessionAsync(page);
        var answer = await console.SendAsync("Runtime.evaluate", new() { ["expression"] = text, ["replMode"] = true, ["userGesture"] = true });
        Assert.False(answer!.Value.TryGetProperty("exceptionDetails", out var thrown), $"{text}\n{thrown}");
    }
}
