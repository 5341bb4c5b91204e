using System.Text.RegularExpressions;
using Broker.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Broker.Tests.Clients;

/// <summary>The parts of the demo page do what they seem to do.</summary>
[Collection(RealClients.Name)]
public sealed partial class PagePartsSpecs(OneNode shared) : BrowserSpecs
{
    [Fact]
    public async Task Console_snippet_works_as_it_is_pasted()
    {
        var page = await OpenTopicAsync("snippet");
        using var logged = new SemaphoreSlim(0);
        page.Console += (_, message) =>
        {
            if (message.Text.Contains("\"type\":\"message\",\"topic\":\"snippet\",\"data\":\"Hello from the console\"", StringComparison.Ordinal))
            {
                logged.Release();
            }
        };

        // Twice: people paste again.
        await page.PasteSnippetAsync();
        await logged.WaitAsync(Cancellation);
        await page.PasteSnippetAsync();
        await logged.WaitAsync(Cancellation);

        foreach (var side in Sides)
        {
            await Expect(page.Locator($"#{side} .theirs p")).ToHaveTextAsync(["Hello from the console", "Hello from the console"]);
        }

        Assert.Empty(Faults);
    }

    [Fact]
    public async Task Name_looks_like_the_field_it_is()
    {
        const string Look = "field => { const { borderTopStyle, borderTopWidth, borderTopColor, backgroundColor } = getComputedStyle(field); return [borderTopStyle, borderTopWidth, borderTopColor, backgroundColor]; }";
        var page = await OpenTopicAsync("names");
        var message = await page.Locator("#left .text").EvaluateAsync<string[]>(Look);

        foreach (var side in Sides)
        {
            var name = page.Locator($"#{side}").GetByLabel("Name");
            Assert.Equal(message, await name.EvaluateAsync<string[]>(Look));
        }

        await page.Locator("#left").GetByLabel("Name").FillAsync("Grace");
        await SayAsync(page, "left", "Hello");
        await Expect(page.Locator("#right .theirs b")).ToHaveTextAsync("Grace");
    }

    [Fact]
    public async Task Count_of_the_wire_log_is_of_the_rows_one_can_see()
    {
        var page = await OpenTopicAsync("count");
        await Expect(page.Locator("#wire .heartbeat").First).ToBeAttachedAsync();
        await page.Locator("#pause").ClickAsync();

        await CountsAsync(await page.Locator("#wire li:not(.heartbeat)").CountAsync(), "");
        await page.Locator("#heartbeats").CheckAsync();
        await CountsAsync(await page.Locator("#wire li").CountAsync(), "");
        await page.Locator("#heartbeats").UncheckAsync();
        await page.Locator("#pause").ClickAsync();
        await page.Locator("#clear").ClickAsync();
        await CountsAsync(0, "");

        // Both panes get each of them.
        await using var publisher = await JsonClient.ConnectAsync(shared.Node.WebSocket, Cancellation);
        for (var i = 0; i < 300; i++)
        {
            await publisher.PublishAsync("count", i, Cancellation);
        }

        await Expect(page.Locator("#wire code", new() { HasText = "\"data\":299}" })).ToHaveCountAsync(2);
        await Expect(page.Locator("#wire-count")).ToHaveTextAsync(Full());
        await page.Locator("#pause").ClickAsync();
        await publisher.PublishAsync("count", 300, Cancellation);
        await Expect(page.Locator("#wire-count")).ToHaveTextAsync(FullAndWaiting());
        await CountsAsync(await page.Locator("#wire li:not(.heartbeat)").CountAsync(), ", older ones dropped");
        Assert.Empty(Faults);

        async Task CountsAsync(int rows, string more)
        {
            Assert.Equal(rows, await page.Locator("#wire li:visible").CountAsync());
            await Expect(page.Locator("#wire-count")).ToHaveTextAsync(new Regex($"^{rows} shown{more}(, \\d+ waiting)?$"));
        }
    }

    [Fact]
    public async Task Pings_that_are_not_shown_push_no_message_out_of_the_log()
    {
        var page = await NewPageAsync();
        await page.RouteWebSocketAsync(new Regex("/ws$"), static socket =>
        {
            socket.Send("""{"type":"welcome","connection":"c","node":"n","version":1,"time":0,"auth":"optional","heartbeat":25000,"limits":{"message":65536}}""");
            socket.Send("""{"type":"message","topic":"chat.lobby","data":"the oldest"}""");
            for (var i = 0; i < 600; i++)
            {
                socket.Send("""{"type":"pong"}""");
            }

            socket.Send("""{"type":"message","topic":"chat.lobby","data":"the newest"}""");
        });

        await page.GotoAsync(shared.Node.Http.AbsoluteUri);

        await Expect(page.Locator("#wire code", new() { HasText = "the newest" })).ToHaveCountAsync(2);
        await Expect(page.Locator("#wire code", new() { HasText = "the oldest" })).ToHaveCountAsync(2);
        await Expect(page.Locator("#wire li")).ToHaveCountAsync(500);
        await Expect(page.Locator("#wire-count")).ToHaveTextAsync("8 shown");
    }

    [Theory]
    [InlineData("click")]
    [InlineData("Escape")]
    public async Task Sheet_closes_when_one_clicks_elsewhere_and_on_Escape(string how)
    {
        var page = await OpenTopicAsync("sheet");
        await page.Locator("#more summary").ClickAsync();
        await page.Locator("#other").FillAsync("http://nowhere/");
        await page.Locator("#other").EvaluateAsync("field => field.blur()");
        await Expect(page.Locator(".sheet")).ToBeVisibleAsync();

        if (how == "click")
        {
            await page.Locator("#left .messages").ClickAsync();
        }
        else
        {
            await page.Keyboard.PressAsync(how);
        }

        await Expect(page.Locator(".sheet")).ToBeHiddenAsync();

        // What was typed there is not lost: joining takes it.
        await Expect(page.Locator("#notice")).ToBeHiddenAsync();
        await page.Locator("#settings > button").ClickAsync();
        await Expect(page.Locator("#notice")).ToContainTextAsync("is not a WebSocket address");
    }

    private Task<IPage> OpenTopicAsync(string topic) => OpenAsync(new Uri(shared.Node.Http, $"/?topic={topic}"));

    [GeneratedRegex("^(500|49[0-9]) shown, older ones dropped$")]
    private static partial Regex Full();

    [GeneratedRegex("^(500|49[0-9]) shown, older ones dropped, 2 waiting$")]
    private static partial Regex FullAndWaiting();
}
