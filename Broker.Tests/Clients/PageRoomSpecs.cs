using System.Text.Json;
using System.Text.RegularExpressions;
using System.Threading.Channels;
using Broker.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Broker.Tests.Clients;

/// <summary>What the demo page shows of a chat room: what was said before, who is there, and what a pane missed.</summary>
[Collection(RealClients.Name)]
public sealed partial class PageRoomSpecs(OneNode shared) : BrowserSpecs
{
    [Fact]
    public async Task Who_joins_a_room_sees_what_was_said_there_before()
    {
        await using var earlier = await JsonClient.ConnectAsync(shared.Node.WebSocket, Cancellation);
        foreach (var text in new[] { "first", "second" })
        {
            await earlier.PublishAsync("chat.before", new { name = "Cleo", text }, Cancellation);
        }

        var page = await OpenRoomAsync("chat.before");

        foreach (var side in Sides)
        {
            await Expect(page.Locator($"#{side} .note").First).ToHaveTextAsync("Joined chat.before, where this was said before");
            await Expect(page.Locator($"#{side} .theirs p")).ToHaveTextAsync(["first", "second"]);
            await Expect(page.Locator($"#{side} .theirs b")).ToHaveTextAsync(["Cleo", "Cleo"]);
        }

        Assert.Empty(Faults);
    }

    [Fact]
    public async Task Pane_that_was_cut_off_gets_what_was_said_meanwhile_once_and_in_order()
    {
        var page = await OpenRoomAsync("chat.cut");
        await SayAsync(page, "left", "before");
        await Expect(page.Locator("#right .theirs p")).ToHaveTextAsync(["before"]);

        await page.Locator("#right .cut").ClickAsync();
        await Expect(page.Locator("#right .state")).ToHaveTextAsync("Disconnected");
        await SayAsync(page, "left", "one");
        await SayAsync(page, "left", "two");
        await Expect(page.Locator("#left .mine p")).ToHaveTextAsync(["before", "one", "two"]);
        await Expect(page.Locator("#right .theirs p")).ToHaveTextAsync(["before"]);
        await PageLook.PictureAsync(page, "page-cut");
        Assert.Empty(await PageLook.FaultsAsync(page));

        await page.Locator("#right .again").ClickAsync();
        await Expect(page.Locator("#right .note", new() { HasText = "Back again, with what was sent meanwhile: 2" })).ToBeVisibleAsync();
        await SayAsync(page, "left", "after");

        await Expect(page.Locator("#right .theirs p")).ToHaveTextAsync(["before", "one", "two", "after"]);
        await page.Locator("#right .cut").ClickAsync();
        await page.Locator("#right .again").ClickAsync();
        await Expect(page.Locator("#right .note", new() { HasText = "Back again. Nothing was sent meanwhile." })).ToBeVisibleAsync();
        Assert.Empty(Faults);
    }

    [Fact]
    public async Task Room_shows_who_is_there_by_the_names_they_are_known_by()
    {
        var page = await OpenRoomAsync("chat.people");
        await Expect(page.Locator("#left .who")).ToHaveTextAsync(Here("Ada (you), Ben"));
        await Expect(page.Locator("#right .who")).ToHaveTextAsync(Here("Ben (you), Ada"));

        await using var other = await JsonClient.ConnectAsync(shared.Node.WebSocket, Cancellation);
        var connection = other.Welcome.GetProperty("connection").GetString()!;
        await other.SubscribeAsync("chat.people", Cancellation);
        await Expect(page.Locator("#left .note", new() { HasText = $"{connection} joined" })).ToBeVisibleAsync();
        await other.PublishAsync("chat.people", new { name = "Cleo", text = "Hello" }, Cancellation);
        await Expect(page.Locator("#left .who")).ToContainTextAsync("Cleo");
        await page.Locator("#right").GetByLabel("Name").FillAsync("Bob");
        await Expect(page.Locator("#left .who")).ToContainTextAsync("Bob");

        await other.CloseAsync(Cancellation);
        await Expect(page.Locator("#left .note", new() { HasText = "Cleo left" })).ToBeVisibleAsync();
        await Expect(page.Locator("#left .who")).ToHaveTextAsync(Here("Ada (you), Bob"));
        Assert.Empty(Faults);
    }

    /// <summary>Each block as it stands there, but for the port; the connection is lost in between.</summary>
    [Fact]
    public async Task Lines_of_README_bring_history_people_and_what_was_missed()
    {
        await using var node = await NodeProcess.StartAsync([], Cancellation);
        var page = await OpenAsync(node.Http);
        var logged = Channel.CreateUnbounded<string>();
        page.Console += (_, message) => logged.Writer.TryWrite(message.Text);
        var text = await File.ReadAllTextAsync(Path.Combine(SourceTree.Root, "README.md"), Cancellation);
        var blocks = JavaScript().Matches(text).Select(block => block.Groups[1].Value.Replace("localhost:8080", $"localhost:{node.Http.Port}", StringComparison.Ordinal)).ToList();
        Assert.Equal(2, blocks.Count);
        await SayAsync(page, "left", "Anybody?");
        await Expect(page.Locator("#left .mine p")).ToHaveTextAsync("Anybody?");

        await page.PasteAsync(blocks[0]);
        await LoggedAsync("\"type\":\"subscribed\",\"topic\":\"chat.lobby\"");
        await LoggedAsync("\"text\":\"Anybody?\"");
        await Expect(page.Locator("#left .note", new() { HasText = "joined" }).Last).ToBeVisibleAsync();
        await page.PasteAsync(blocks[1]);
        await LoggedAsync("\"data\":\"Hello!\"");
        await Expect(page.Locator("#left .theirs p")).ToHaveTextAsync("Hello!");

        await page.EvaluateAsync("ws.close()");
        await SayAsync(page, "left", "While you were away");
        await LoggedAsync("\"recovered\":true");
        await LoggedAsync("\"text\":\"While you were away\"");
        Assert.Empty(Faults);

        async Task LoggedAsync(string part)
        {
            while (!(await logged.Reader.ReadAsync(Cancellation)).Contains(part, StringComparison.Ordinal))
            {
            }
        }
    }

    /// <summary>Everything that is not below <c>chat</c>.</summary>
    [Fact]
    public async Task Topic_that_keeps_nothing_is_joined_all_the_same()
    {
        var page = await OpenRoomAsync("live");

        foreach (var side in Sides)
        {
            await Expect(page.Locator($"#{side} .note").First).ToHaveTextAsync("Joined live. This topic keeps nothing.");
            await Expect(page.Locator($"#{side} .who")).ToBeHiddenAsync();
        }

        await SayAsync(page, "left", "Hello");
        await Expect(page.Locator("#right .theirs p")).ToHaveTextAsync("Hello");
        await page.Locator("#right .cut").ClickAsync();
        await Expect(page.Locator("#right .note").Last).ToHaveTextAsync("Cut off. What is sent meanwhile will be missing here.");
        await page.Locator("#right .again").ClickAsync();
        await Expect(page.Locator("#right .note").Last).ToHaveTextAsync("Back again. What was sent meanwhile may be missing here.");

        // A room again, on the connection that is there.
        await page.Locator("#topic").FillAsync("chat.from-live");
        await page.Locator("#settings > button").ClickAsync();
        await Expect(page.Locator("#left .who")).ToHaveTextAsync(Here("Ada (you), Ben"));
        Assert.Empty(Faults);
    }

    /// <summary>What a node says only in the worst of times.</summary>
    [Fact]
    public async Task Room_that_cannot_be_had_now_is_asked_for_again_and_a_gap_is_shown()
    {
        var page = await NewPageAsync();
        await page.RouteWebSocketAsync(WebSocketPath(), static socket =>
        {
            var refusals = 2;
            socket.OnMessage(frame =>
            {
                using var request = JsonDocument.Parse(frame.Text!);
                var (type, id) = (request.RootElement.GetProperty("type").GetString(), request.RootElement.GetProperty("id").GetInt32());
                if (type == "presence")
                {
                    socket.Send($$"""{"type":"presence","id":{{id}},"topic":"chat.lobby","connections":5,"users":5,"members":[{"user":"c"}]}""");
                }
                else if (type == "subscribe" && refusals-- > 0)
                {
                    socket.Send($$"""{"type":"error","id":{{id}},"code":"unavailable","error":"Not available","topic":"chat.lobby","retryAfter":1}""");
                }
                else if (type == "subscribe")
                {
                    socket.Send($$$"""{"type":"subscribed","id":{{{id}}},"topic":"chat.lobby","epoch":"e","offset":0,"presence":{"connections":1,"users":1,"members":[{"user":"c"}]}}""");
                    socket.Send("""{"type":"gap","topic":"chat.lobby","epoch":"f","offset":7}""");
                }
            });
            socket.Send("""{"type":"welcome","connection":"c","node":"n","version":1,"time":0,"auth":"optional","heartbeat":25000,"limits":{"message":65536}}""");
        });

        await page.GotoAsync(shared.Node.Http.AbsoluteUri);

        await Expect(page.Locator("#left .note").First).ToHaveTextAsync("Joined chat.lobby");
        await Expect(page.Locator("#left .note", new() { HasText = "Something may have been missed here" })).ToBeVisibleAsync();
        await Expect(page.Locator("#left .who")).ToContainTextAsync("5 here");
    }

    private Task<IPage> OpenRoomAsync(string topic) => OpenAsync(new Uri(shared.Node.Http, $"/?topic={topic}"));

    /// <summary>Whoever came back counts twice for some seconds.</summary>
    private static Regex Here(string names) => new($"^\\d here: {Regex.Escape(names)}$");

    [GeneratedRegex("^```js\n(.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex JavaScript();

    [GeneratedRegex("/ws$")]
    private static partial Regex WebSocketPath();
}
