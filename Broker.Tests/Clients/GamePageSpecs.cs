using Broker.Tests.Cluster.Faults;
using Broker.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Broker.Tests.Clients;

/// <summary>People play on the page of tic-tac-toe.</summary>
[Collection(RealClients.Name)]
public sealed class GamePageSpecs : BrowserSpecs
{
    [Fact]
    public async Task Two_browsers_on_two_nodes_play_on_when_the_node_of_the_room_stops()
    {
        await using var first = await NodeProcess.StartAsync([], Cancellation);
        await using var second = await NodeProcess.StartAsync(["--seed", first.Cluster], Cancellation);
        await using var third = await NodeProcess.StartAsync(["--seed", first.Cluster], Cancellation);
        var ann = await OpenGameAsync(first, "?name=Ann");
        var room = await InviteAsync(ann);
        while ((await RecordedRun.RolesAsync([first, second, third], $"$room.{room}", Cancellation))[0] != "n3")
        {
            await ann.Locator("#leave").ClickAsync();
            await Expect(ann.Locator("#entrance")).ToBeVisibleAsync();
            room = await InviteAsync(ann);
        }

        var bob = await OpenGameAsync(second, $"?name=Bob#{room}");
        await Expect(bob.Locator("#players")).ToContainTextAsync("Ann");
        await Expect(ann.Locator("#players")).ToContainTextAsync("Bob");
        var annBegins = await ann.Locator("#turn").TextContentAsync() == "Your turn";
        var (x, o) = annBegins ? (ann, bob) : (bob, ann);
        await MoveAsync(x, 0);
        await MoveAsync(o, 3);
        third.Signal(UnixSignal.Terminate);
        await MoveAsync(x, 1);
        await MoveAsync(o, 4);
        Assert.Equal(0, await third.WaitForExitAsync(Cancellation));
        await MoveAsync(x, 2);
        await Expect(x.Locator("#turn")).ToHaveTextAsync("You have won");
        await Expect(o.Locator("#turn")).ToHaveTextAsync("You have lost");
        foreach (var page in new[] { ann, bob })
        {
            await Expect(page.Locator("#generation")).ToHaveTextAsync("2");
        }

        // Both want another round, and one comes back to it after a reload.
        await x.Locator("#again").ClickAsync();
        await o.Locator("#again").ClickAsync();
        await o.ReloadAsync();
        await MoveAsync(o, 8);
        await Expect(x.Locator("#turn")).ToHaveTextAsync("Your turn");
        Assert.Empty(Faults);
    }

    private static async Task<string> InviteAsync(IPage page)
    {
        await page.Locator("#invite").ClickAsync();
        await Expect(page.Locator("#table")).ToBeVisibleAsync();
        await Expect(page.Locator("#turn")).ToHaveTextAsync("Waiting for the other player");
        return new Uri(page.Url).Fragment[1..];
    }

    private static async Task MoveAsync(IPage page, int cell)
    {
        await Expect(page.Locator("#turn")).ToHaveTextAsync("Your turn");
        await page.Locator("#board button").Nth(cell).ClickAsync();
        await Expect(page.Locator("#board button").Nth(cell)).Not.ToHaveTextAsync("");
    }

    private async Task<IPage> OpenGameAsync(NodeProcess node, string rest)
    {
        var page = await NewPageAsync();
        await page.GotoAsync(new Uri(node.Http, "/demo/tictactoe" + rest).AbsoluteUri);
        await Expect(page.Locator("#state")).ToHaveTextAsync("open");
        return page;
    }
}
