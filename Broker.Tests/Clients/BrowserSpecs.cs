using Broker.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Broker.Tests.Clients;

/// <summary>Specs of the demo page in a real browser, one for each spec.</summary>
public abstract class BrowserSpecs : RealClientSpecs, IAsyncLifetime
{
    private const float PageTimeout = 30_000;

    private static readonly string[] Arguments =
    [
        "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run",
    ];

    private IPlaywright _playwright = null!;
    private IBrowser _browser = null!;

    protected static IReadOnlyList<string> Sides { get; } = ["left", "right"];

    /// <summary>What the pages said that pages in order do not say.</summary>
    protected List<string> Faults { get; } = [];

    public async ValueTask InitializeAsync()
    {
        var program = RequiredTool.Chromium();
        SetDefaultExpectTimeout(PageTimeout);
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new() { ExecutablePath = program, Args = Arguments });
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.CloseAsync();
        }

        _playwright?.Dispose();
        Dispose();
        GC.SuppressFinalize(this);
    }

    protected static async Task SayAsync(IPage page, string side, string text)
    {
        await page.Locator($"#{side} .text").FillAsync(text);
        await page.Locator($"#{side} .text").PressAsync("Enter");
    }

    protected async Task<IPage> NewPageAsync(BrowserNewPageOptions? options = null)
    {
        var page = await _browser.NewPageAsync(options);
        page.PageError += (_, error) => Faults.Add(error);
        page.Console += (_, message) =>
        {
            if (message.Type == "error")
            {
                Faults.Add(message.Text);
            }
        };
        return page;
    }

    /// <summary>A page on which both panes have joined their topic.</summary>
    protected async Task<IPage> OpenAsync(Uri address, BrowserNewPageOptions? options = null)
    {
        var page = await NewPageAsync(options);
        await OpenAsync(page, address);
        return page;
    }

    protected static async Task OpenAsync(IPage page, Uri address)
    {
        await page.GotoAsync(address.AbsoluteUri);
        await AllJoinAsync(page);
    }

    protected static async Task AllJoinAsync(IPage page)
    {
        foreach (var side in Sides)
        {
            await Expect(page.Locator($"#{side} .note", new() { HasText = "Joined" }).First).ToBeVisibleAsync();
        }
    }
}
