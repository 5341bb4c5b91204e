using Broker.Tests.Hosting;
using Broker.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace Broker.Tests.Clients;

/// <summary>People chat on the demo page.</summary>
[Collection(RealClients.Name)]
public sealed class ChromiumSpecs : BrowserSpecs
{
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
        Assert.Empty(Faults);
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

        Assert.Empty(Faults);
    }

    /// <summary>A node that an application hosts has no page, and lets the page of another node in.</summary>
    [Fact]
    public async Task Right_pane_connects_to_a_node_inside_an_application()
    {
        await using var node = await NodeProcess.StartAsync([], Cancellation);
        await using var host = await SampleHost.StartAsync("Host", Cancellation, origin: node.Http.GetLeftPart(UriPartial.Authority));
        var page = await OpenAsync(new Uri(node.Http, $"/?topic=news&ws={Uri.EscapeDataString(host.WebSocket.AbsoluteUri)}"));

        using var http = new HttpClient { BaseAddress = host.Http };
        using var announced = await http.PostAsync(new Uri("/announce?text=From+the+application", UriKind.Relative), null, Cancellation);

        announced.EnsureSuccessStatusCode();
        await Expect(page.Locator("#right .theirs p")).ToHaveTextAsync("From the application");
        Assert.Empty(Faults);
    }

    /// <summary>The page of <c>samples/Host</c>: the browser sends cookie and origin by itself.</summary>
    [Fact]
    public async Task Page_of_an_application_opens_its_socket_as_the_user_who_signed_in()
    {
        await using var host = await SampleHost.StartAsync("Host", Cancellation);
        var page = await NewPageAsync();
        await page.GotoAsync(new Uri(host.Http, "/me").AbsoluteUri);
        await page.GetByLabel("Your name").FillAsync("ada");
        await page.Locator("button").ClickAsync();

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
        var page = await NewPageAsync(new() { ViewportSize = new() { Width = width, Height = height } });
        page.Request += (_, request) => Watch(request.Url);
        page.WebSocket += (_, socket) => Watch(socket.Url);
        await OpenAsync(page, node.Http);

        Assert.True(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= innerWidth"));
        Assert.Equal([node.Http.Authority], hosts);
        Assert.Empty(Faults);

        void Watch(string url)
        {
            if (!url.StartsWith("data:", StringComparison.Ordinal))
            {
                hosts.Add(new Uri(url).Authority);
            }
        }
    }
}
