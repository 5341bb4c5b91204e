using Broker.Tests.Hosting;
using Broker.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Broker.Tests.Clients;

/// <summary>The demo page in a real browser.</summary>
[Collection(RealClients.Name)]
public sealed class ChromiumSpecs : RealClientSpecs, IAsyncLifetime
{
    private const float PageTimeout = 30_000;

    private static readonly string[] Arguments =
    [
        "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run",
    ];

    private readonly List<string> _faults = [];
    private IPlaywright _playwright = null!;
    private IBrowser _browser = null!;

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
    }

    [Fact]
    public async Task Two_tabs_chat_through_two_nodes()
    {
        await using var first = await NodeProcess.StartAsync([], Cancellation);
        await using var second = await NodeProcess.StartAsync(["--seed", first.Cluster], Cancellation);
        var ann = await OpenAsync(first.Http);
        var bob = await OpenAsync(second.Http);
        var nodes = new[] { await ann.Locator("#left .node").TextContentAsync(), await bob.Locator("#left .node").TextContentAsync() };
        Assert.Equal(2, nodes.Distinct().Count());

        await SayAsync(ann, "left", "Can you hear me?");
        await Expect(bob.Locator("#left .theirs p")).ToHaveTextAsync("Can you hear me?");
        await SayAsync(bob, "left", "Loud and clear.");
        await Expect(ann.Locator("#left .theirs p")).ToHaveTextAsync("Loud and clear.");

        // The sender sees its own message too, through the broker.
        await Expect(ann.Locator("#left .mine p")).ToHaveTextAsync("Can you hear me?");
        Assert.Empty(_faults);
    }

    [Fact]
    public async Task Panes_of_one_page_chat_on_two_nodes_and_the_log_shows_the_messages()
    {
        await using var first = await NodeProcess.StartAsync([], Cancellation);
        await using var second = await NodeProcess.StartAsync(["--seed", first.Cluster], Cancellation);
        var page = await OpenAsync(new Uri(first.Http, $"/?ws={Uri.EscapeDataString(second.WebSocket.AbsoluteUri)}"));
        Assert.NotEqual(await page.Locator("#left .node").TextContentAsync(), await page.Locator("#right .node").TextContentAsync());

        // Markup in a message stays text.
        const string Text = "<b>plain</b> text";
        await SayAsync(page, "left", Text);

        await Expect(page.Locator("#right .theirs p")).ToHaveTextAsync(Text);
        await Expect(page.Locator("#left .mine p")).ToHaveTextAsync(Text);
        var log = page.Locator("#wire");
        foreach (var type in new[] { "welcome", "subscribe", "subscribed", "publish", "published", "message" })
        {
            await Expect(log.Locator("code", new() { HasText = $"\"type\":\"{type}\"" }).First).ToBeVisibleAsync();
        }

        Assert.Empty(_faults);
    }

    [Fact]
    public async Task Page_comes_back_when_its_node_was_restarted()
    {
        await using var first = await NodeProcess.StartAsync([], Cancellation);
        var page = await OpenAsync(first.Http);
        await using var witness = await JsonClient.ConnectAsync(first.WebSocket, Cancellation);

        first.Signal(UnixSignal.Terminate);
        await Expect(page.Locator("#left .note.warn").First).ToBeVisibleAsync();
        await witness.ReadToCloseAsync(Cancellation);
        await witness.CloseAsync(Cancellation);
        await first.WaitForExitAsync(Cancellation);
        await using var second = await NodeProcess.StartAsync(["--port", $"{first.Http.Port}"], Cancellation);

        await Expect(page.Locator("#left .note", new() { HasText = "Back again" })).ToBeVisibleAsync();
        await Expect(page.Locator("#right .note", new() { HasText = "Back again" })).ToBeVisibleAsync();
        await SayAsync(page, "right", "Still here");
        await Expect(page.Locator("#left .theirs p")).ToHaveTextAsync("Still here");
    }

    /// <summary>The page of <c>samples/Host</c>: the browser sends cookie and origin by itself.</summary>
    [Fact]
    public async Task Page_of_an_application_opens_its_socket_as_the_user_who_signed_in()
    {
        await using var host = await SampleHost.StartAsync("Host", Cancellation);
        var page = await _browser.NewPageAsync();
        await page.GotoAsync(new Uri(host.Http, "/me").AbsoluteUri);
        await page.GetByLabel("Your name").FillAsync("ada");
        await page.GetByRole(AriaRole.Button).ClickAsync();

        await Expect(page.Locator("#name")).ToHaveTextAsync("ada");
        await Expect(page.Locator("#staff")).ToHaveTextAsync("staff only");
    }

    [Theory]
    [InlineData(375, 812)]
    [InlineData(1280, 800)]
    public async Task Page_fits_the_screen_and_asks_nobody_but_its_node(int width, int height)
    {
        await using var node = await NodeProcess.StartAsync([], Cancellation);
        var hosts = new HashSet<string>();
        var page = await OpenAsync(node.Http, new() { ViewportSize = new() { Width = width, Height = height } }, url => hosts.Add(new Uri(url).Authority));

        Assert.True(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= innerWidth"));
        Assert.Equal([node.Http.Authority], hosts);
        Assert.Empty(_faults);
    }

    private static async Task SayAsync(IPage page, string side, string text)
    {
        await page.Locator($"#{side} .text").FillAsync(text);
        await page.Locator($"#{side} .text").PressAsync("Enter");
    }

    private async Task<IPage> OpenAsync(Uri address, BrowserNewPageOptions? options = null, Action<string>? onRequest = null)
    {
        var page = await _browser.NewPageAsync(options);
        page.PageError += (_, error) => _faults.Add(error);
        page.Console += (_, message) =>
        {
            if (message.Type == "error")
            {
                _faults.Add(message.Text);
            }
        };
        page.Request += (_, request) => Watch(request.Url);
        page.WebSocket += (_, socket) => Watch(socket.Url);
        await page.GotoAsync(address.AbsoluteUri);
        foreach (var side in new[] { "left", "right" })
        {
            await Expect(page.Locator($"#{side} .note", new() { HasText = "Joined" })).ToBeVisibleAsync();
        }

        return page;

        void Watch(string url)
        {
            if (!url.StartsWith("data:", StringComparison.Ordinal))
            {
                onRequest?.Invoke(url);
            }
        }
    }
}
