using System.Reflection;
using System.Text.RegularExpressions;
using Broker.Protocol.Wire;
using Broker.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace Broker.Tests.Clients;

/// <summary>How a pane of the demo page loses its node and finds it again.</summary>
[Collection(RealClients.Name)]
public sealed partial class PageConnectionSpecs(OneNode shared) : BrowserSpecs
{
    [Fact]
    public async Task Page_comes_back_when_its_node_was_restarted()
    {
        await using var first = await NodeProcess.StartAsync([], Cancellation);
        var page = await OpenAsync(first.Http);
        await using var witness = await JsonClient.ConnectAsync(first.WebSocket, Cancellation);

        first.Signal(UnixSignal.Terminate);
        await Expect(page.Locator("#left .note.warn").First).ToHaveTextAsync("The node restarts (1012); the page tries again");
        await witness.ReadToCloseAsync(Cancellation);
        await witness.CloseAsync(Cancellation);
        await first.WaitForExitAsync(Cancellation);
        await using var second = await NodeProcess.StartAsync(["--port", $"{first.Http.Port}"], Cancellation);

        foreach (var side in Sides)
        {
            await Expect(page.Locator($"#{side} .note", new() { HasText = "Back again" })).ToBeVisibleAsync();
        }

        await SayAsync(page, "right", "Still here");
        await Expect(page.Locator("#left .theirs p")).ToHaveTextAsync("Still here");
    }

    /// <summary>At the longest of the jitter, and after twenty attempts, which pass in no time on the page's own clock.</summary>
    [Fact]
    public async Task Node_that_was_away_for_long_has_its_panes_back_3_s_after_it_is_ready()
    {
        await using var first = await NodeProcess.StartAsync([], Cancellation);
        using var failures = new SemaphoreSlim(0);
        var page = await NewPageAsync();
        page.RequestFailed += (_, request) =>
        {
            if (request.Method == "HEAD")
            {
                failures.Release();
            }
        };
        await page.AddInitScriptAsync("Math.random = () => 0.999");
        await page.Clock.InstallAsync();
        await OpenAsync(page, first.Http);

        first.Signal(UnixSignal.Kill);
        await first.WaitForExitAsync(Cancellation);
        await Expect(page.Locator("#left .note.warn").First).ToHaveTextAsync("Connection lost (1006); the page tries again");
        for (var i = 0; i < 20; i++)
        {
            await page.Clock.FastForwardAsync(2000);
            await failures.WaitAsync(Cancellation);
        }

        await using var second = await NodeProcess.StartAsync(["--port", $"{first.Http.Port}"], Cancellation);

        foreach (var side in Sides)
        {
            await Expect(page.Locator($"#{side} .note", new() { HasText = "Back again" })).ToBeVisibleAsync(new() { Timeout = 3000 });
        }
    }

    [Fact]
    public async Task Page_nobody_looked_at_tries_at_once_when_somebody_does()
    {
        var opened = 0;
        var page = await NewPageAsync();
        await page.AddInitScriptAsync("Math.random = () => 0.999; Object.defineProperty(document, 'hidden', { get: () => window.away ?? true })");
        await page.Clock.InstallAsync();
        await page.RouteWebSocketAsync(WebSocketPath(), socket =>
        {
            Interlocked.Increment(ref opened);
            socket.CloseAsync(new() { Code = 1011, Reason = "server error" });
        });
        await page.GotoAsync(shared.Node.Http.AbsoluteUri);

        // Doubled five times, the delay would be 15 s.
        for (var attempt = 1; attempt <= 6; attempt++)
        {
            await Eventually.IsTrueAsync(() => Volatile.Read(ref opened) >= 2 * attempt, $"attempt {attempt}");
            await Expect(page.Locator("#left .state")).ToHaveAttributeAsync("data-state", "waiting");
            await Expect(page.Locator("#right .state")).ToHaveAttributeAsync("data-state", "waiting");
            await page.Clock.FastForwardAsync(attempt < 6 ? 15_000 : 0);
        }

        await Expect(page.Locator("#left .state")).ToHaveTextAsync(LongWait());
        await page.EvaluateAsync("window.away = false; document.dispatchEvent(new Event('visibilitychange'))");

        await Eventually.IsTrueAsync(() => Volatile.Read(ref opened) >= 14, "the attempts of somebody who looks");
        await Expect(page.Locator("#left .state")).ToHaveTextAsync(ShortWait());
    }

    [Theory]
    [InlineData(1008, "abuse", "The node cut this connection for abuse (1008)", "stopped")]
    [InlineData(1008, "auth timeout", "The token came too late (1008); the page tries again", "waiting")]
    [InlineData(1009, "message too big", "A message was larger than the node takes (1009); the page tries again", "waiting")]
    [InlineData(1013, "overloaded", "The node is overloaded (1013); the page tries again", "waiting")]
    [InlineData(4000, "a code of tomorrow", "A code of tomorrow (4000); the page tries again", "waiting")]
    public async Task Close_codes_come_with_words(int code, string reason, string words, string state)
    {
        var page = await NewPageAsync();
        await page.AddInitScriptAsync("Math.random = () => 0.999");
        await page.RouteWebSocketAsync(WebSocketPath(), socket => socket.CloseAsync(new() { Code = code, Reason = reason }));

        await page.GotoAsync(shared.Node.Http.AbsoluteUri);

        await Expect(page.Locator("#left .note").First).ToHaveTextAsync(words);
        await Expect(page.Locator("#left .state")).ToHaveAttributeAsync("data-state", state);
        await Expect(page.Locator("#wire .end code").First).ToHaveTextAsync(new Regex($"^closed {code} {reason}: [a-z]"));
    }

    [Fact]
    public async Task Page_knows_every_reason_of_the_server_and_whether_to_come_back()
    {
        var page = await OpenAsync(shared.Node.Http);
        var reasons = typeof(DisconnectReasons).GetFields(BindingFlags.Public | BindingFlags.Static).Select(static field => (DisconnectReason)field.GetValue(null)!).ToList();
        Assert.NotEmpty(reasons);

        foreach (var reason in reasons)
        {
            var known = await page.EvaluateAsync<string[]>(
                "async ([code, reason]) => { const { inWords } = await import('/closing.js'); const { isFinal } = await import('/broker.js'); return [inWords(code, reason), inWords(code, ''), `${isFinal(code, reason)}`]; }",
                new object[] { (int)reason.Code, reason.Reason });

            Assert.NotEqual("", known[0]);
            Assert.NotEqual(reason.Reason, known[0]);
            Assert.Equal(reason.Code == 1000, known[1] == "closed");
            Assert.Equal((reason, Final: !reason.Reconnect), (reason, Final: known[2] == "true"));
        }
    }

    [Fact]
    public async Task Token_field_shows_itself_when_the_node_asks_for_a_token()
    {
        await using var node = await NodeProcess.StartAsync([], Cancellation, TokenNode());
        var page = await NewPageAsync();
        await page.GotoAsync(node.Http.AbsoluteUri);

        await Expect(page.Locator("#token-why")).ToHaveTextAsync("This node asks for a token (1008).");
        await Expect(page.Locator("#token")).ToBeFocusedAsync();

        // A bad token: asked again. A good one: the sheet goes away.
        await page.Locator("#token").FillAsync("nonsense");
        await page.Locator(".sheet button").ClickAsync();
        await Expect(page.Locator("#token-why")).ToHaveTextAsync("The token was not accepted (1008).");
        await Expect(page.Locator("#token")).ToBeVisibleAsync();
        await PageLook.PictureAsync(page, "page-token");
        Assert.Empty(await PageLook.FaultsAsync(page));
        await page.Locator("#token").FillAsync(GoodToken());
        await page.Locator("#token").PressAsync("Enter");

        await AllJoinAsync(page);
        await Expect(page.Locator("#token")).ToBeHiddenAsync();
        Assert.DoesNotContain("eyJ", await page.ContentAsync(), StringComparison.Ordinal);
        Assert.Empty(Faults);
    }

    [Theory]
    [InlineData(4001, "token expired", "The token has expired (4001).")]
    [InlineData(1008, "auth required", "This node asks for a token (1008).")]
    public async Task Token_field_shows_itself_when_the_token_is_no_good_any_more(int code, string reason, string words)
    {
        var page = await NewPageAsync();
        await page.RouteWebSocketAsync(WebSocketPath(), socket =>
        {
            socket.Send($$"""{"type":"disconnecting","code":{{code}},"reason":"{{reason}}","reconnect":true,"after":0}""");
            socket.CloseAsync(new() { Code = code, Reason = reason });
        });

        await page.GotoAsync(shared.Node.Http.AbsoluteUri);

        await Expect(page.Locator("#token-why")).ToHaveTextAsync(words);
        await Expect(page.Locator("#token")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Console_snippet_of_a_page_with_a_token_sends_it_and_does_not_show_it()
    {
        await using var node = await NodeProcess.StartAsync([], Cancellation, TokenNode());
        var page = await NewPageAsync();
        await page.GotoAsync(node.Http.AbsoluteUri);
        await page.Locator("#token").FillAsync(GoodToken());
        await page.Locator("#token").PressAsync("Enter");
        await AllJoinAsync(page);

        var snippet = await page.PasteSnippetAsync();

        Assert.DoesNotContain("eyJ", snippet, StringComparison.Ordinal);
        await Expect(page.Locator("#left .theirs p")).ToHaveTextAsync("Hello from the console");
    }

    private static Dictionary<string, string> TokenNode() => new()
    {
        ["BROKER__AUTH__ANONYMOUS"] = "off",
        ["BROKER__AUTH__KEYS__0__ALGORITHM"] = "HS256",
        ["BROKER__AUTH__KEYS__0__SECRET"] = TokenForge.Secret,
    };

    private static string GoodToken()
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        return TokenForge.Hs256(TokenForge.Claims(("iat", $"{now}"), ("exp", $"{now + 600}"), ("broker", """{"subscribe":[">"],"publish":[">"],"history":[">"],"presence":[">"]}""")));
    }

    [GeneratedRegex("/ws$")]
    private static partial Regex WebSocketPath();

    [GeneratedRegex("^Again in 1[0-5] s$")]
    private static partial Regex LongWait();

    [GeneratedRegex("^Again in [1-2] s$")]
    private static partial Regex ShortWait();
}
