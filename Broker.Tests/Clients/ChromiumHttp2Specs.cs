using Broker.Tests.Hostile;
using Broker.Tests.Support;

namespace Broker.Tests.Clients;

/// <summary>Chromium opens a WebSocket over the HTTP/2 connection that brought the page, by itself.</summary>
[Collection(RealClients.Name)]
public sealed class ChromiumHttp2Specs(Http2Node shared) : BrowserSpecs, IClassFixture<Http2Node>
{
    private const string Open = """
        () => new Promise((resolve, reject) => {
          const socket = new WebSocket(`wss://${location.host}/ws`, ['broker.v1.json']);
          (window.sockets ??= []).push(socket);
          const types = [];
          socket.onmessage = ({ data }) => {
            const { type } = JSON.parse(data);
            types.push(type);
            if (type === 'welcome') socket.send(JSON.stringify({ type: 'subscribe', topic: 'chromium', id: 1 }));
            if (type === 'subscribed') socket.send(JSON.stringify({ type: 'publish', topic: 'chromium', data: 'x'.repeat(20000), id: 2 }));
            if (type === 'message') resolve(`${socket.protocol} ${socket.extensions} ${types.join(' ')}`);
          };
          socket.onclose = ({ code }) => reject(new Error(`closed with ${code}`));
        })
        """;

    [Fact]
    public async Task Page_and_its_sockets_share_one_connection()
    {
        var node = shared.Node;
        var page = await NewPageAsync(new() { IgnoreHTTPSErrors = true });
        await page.GotoAsync($"https://127.0.0.1:{node.Port}/");

        Assert.Equal("broker.v1.json permessage-deflate; server_no_context_takeover; client_no_context_takeover welcome subscribed published message", await page.EvaluateAsync<string>(Open));
        Assert.Equal((1, 3), (node.Metrics["broker.connections.streams"], node.Admission.Connections));
        await page.EvaluateAsync<string>(Open);
        Assert.Equal((2, 4), (node.Metrics["broker.connections.streams"], node.Admission.Connections));

        Assert.Equal(1000, await page.EvaluateAsync<int>("() => new Promise(resolve => { const [first] = sockets; first.onclose = ({ code }) => resolve(code); first.close(1000); })"));
        await Eventually.IsTrueAsync(() => node.Metrics["broker.connections.streams"] == 1, "one of them is closed");
        await page.CloseAsync();
        await Eventually.IsTrueAsync(() => node.Metrics["broker.connections.streams"] == 0, "the page and its socket are gone");

        // The browser also asks for an icon, which this page has not.
        Assert.DoesNotContain(Faults, static fault => fault.Contains("WebSocket", StringComparison.Ordinal));
    }
}
