using Broker.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Broker.Tests.Clients;

/// <summary>How the demo page looks; the pictures are in <c>TestResults</c>.</summary>
[Collection(RealClients.Name)]
public sealed class PageLookSpecs : BrowserSpecs
{
    /// <summary>Set to 1, it has <c>docs/demo.png</c> made anew.</summary>
    private const string WritePicture = "BROKER_TESTS_WRITE_PICTURE";

    private static readonly (string Side, string Text)[] Conversation =
    [
        ("left", "Hi! Anybody on the other pane?"),
        ("right", "Here. Two connections, one topic."),
        ("left", "And every frame of it is in the log below."),
    ];

    [Theory]
    [InlineData("desktop", 1280, 800, ColorScheme.Light)]
    [InlineData("dark", 1280, 800, ColorScheme.Dark)]
    [InlineData("phone", 390, 844, ColorScheme.Light)]
    [InlineData("phone-dark", 390, 844, ColorScheme.Dark)]
    public async Task Page_is_legible_and_nothing_of_it_is_cut(string look, int width, int height, ColorScheme colors)
    {
        await using var node = await StartAsync();
        var page = await OpenAsync(node.Http, new() { ViewportSize = new() { Width = width, Height = height }, ColorScheme = colors });
        await ChatAsync(page);
        await LooksGoodAsync("");

        await page.Locator("#more summary").ClickAsync();
        await LooksGoodAsync("-sheet");
        await page.Locator("#more summary").ClickAsync();
        await page.Locator(".console summary").ClickAsync();
        await page.Locator("#pretty").ClickAsync();
        await LooksGoodAsync("-console");

        // Without its node.
        node.Signal(UnixSignal.Kill);
        await Expect(page.Locator("#right .note.warn").First).ToBeVisibleAsync();
        await LooksGoodAsync("-lost");

        async Task LooksGoodAsync(string state)
        {
            await PageLook.PictureAsync(page, $"page-{look}{state}", whole: width < 700);
            Assert.Equal("", string.Join('\n', await PageLook.FaultsAsync(page)));
        }
    }

    /// <summary>A checker that finds nothing would let everything pass.</summary>
    [Theory]
    [InlineData(".title p { color: #ddd }", "contrast")]
    [InlineData(".title { flex: none; width: 90px; overflow: hidden; white-space: nowrap }", "cut: ")]
    [InlineData(".state { height: 6px; overflow: hidden }", "cut in height: ")]
    [InlineData(".name { flex: none; width: 80px }", "does not fit its field: ")]
    [InlineData("main { width: 1400px }", "the page is ")]
    public async Task Fault_in_the_look_is_found(string style, string fault)
    {
        await using var node = await StartAsync();
        var page = await OpenAsync(new Uri(node.Http, "/?left=Somebody+with+a+name"), new() { ViewportSize = new() { Width = 1280, Height = 800 }, BypassCSP = true });

        await page.AddStyleTagAsync(new() { Content = style });

        Assert.Contains(await PageLook.FaultsAsync(page), found => found.StartsWith(fault, StringComparison.Ordinal));
    }

    /// <summary>Written to <c>TestResults</c>, and to <c>docs</c> where the variable asks.</summary>
    [Fact]
    public async Task Picture_of_README_shows_the_conversation()
    {
        await using var node = await StartAsync();
        var page = await OpenAsync(node.Http, new() { ViewportSize = new() { Width = 1280, Height = 860 }, ColorScheme = ColorScheme.Light });
        await ChatAsync(page);
        foreach (var side in Sides)
        {
            await Expect(page.Locator($"#{side} .state")).ToHaveTextAsync("Connected");
            await Expect(page.Locator($"#{side} .latency")).ToContainTextAsync("ms");
            await Expect(page.Locator($"#{side} .node")).ToHaveTextAsync("node-1");
            foreach (var (_, text) in Conversation)
            {
                await Expect(page.Locator($"#{side} .messages p", new() { HasText = text })).ToBeInViewportAsync(new() { Ratio = 1 });
            }
        }

        await Expect(page.Locator("#wire li:not(.heartbeat) code").Last).ToBeInViewportAsync();
        Assert.Empty(await PageLook.FaultsAsync(page));
        Assert.Empty(Faults);

        var picture = await PageLook.PictureAsync(page, "demo");
        if (Environment.GetEnvironmentVariable(WritePicture) == "1")
        {
            await File.WriteAllBytesAsync(Path.Combine(SourceTree.Root, "docs", "demo.png"), picture, Cancellation);
        }
    }

    private Task<NodeProcess> StartAsync() => NodeProcess.StartAsync([], Cancellation, new Dictionary<string, string> { ["BROKER__NODE__NAME"] = "node-1" });

    private static async Task ChatAsync(IPage page)
    {
        foreach (var (side, text) in Conversation)
        {
            await SayAsync(page, side, text);
            foreach (var pane in Sides)
            {
                await Expect(page.Locator($"#{pane} .messages p", new() { HasText = text })).ToBeVisibleAsync();
            }
        }

        await page.EvaluateAsync("document.activeElement.blur()");
    }
}
