using System.Net;
using System.Net.Sockets;
using Broker.Tests.Clients;
using Broker.Tests.Http;
using Broker.Tests.Support;

namespace Broker.Tests.Hosting;

public sealed class SampleHostSpecs : RealClientSpecs, IAsyncLifetime
{
    private SampleHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await SampleHost.StartAsync("Host", Cancellation);

    public ValueTask DisposeAsync() => _host?.DisposeAsync() ?? ValueTask.CompletedTask;

    [Fact]
    public async Task Application_and_clients_share_one_port()
    {
        using var http = new HttpClient { BaseAddress = _host.Http };
        await using var subscriber = await JsonClient.ConnectAsync(_host.WebSocket, Cancellation);
        await subscriber.SubscribeAsync("news", Cancellation);

        Assert.Equal("my own page", await http.GetStringAsync(new Uri("/", UriKind.Relative), Cancellation));
        using var announced = await http.PostAsync(new Uri("/announce?text=hello", UriKind.Relative), null, Cancellation);

        Assert.Equal(HttpStatusCode.Accepted, announced.StatusCode);
        var message = await subscriber.ReceiveAsync(Cancellation);
        Assert.Equal("news", message.GetProperty("topic").GetString());
        Assert.Equal("hello", message.GetProperty("data").GetProperty("text").GetString());
    }

    [Fact]
    public async Task Who_signs_in_by_the_form_is_the_user_of_the_socket_and_reads_its_refusals()
    {
        using var handler = new HttpClientHandler();
        using var http = new HttpClient(handler) { BaseAddress = _host.Http };
        using var form = new FormUrlEncodedContent([new("name", "ada")]);
        using var page = await http.PostAsync(new Uri("/login", UriKind.Relative), form, Cancellation);
        Assert.Equal("/me", page.RequestMessage!.RequestUri!.AbsolutePath);
        Assert.Contains("Broker knows me as", await page.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);

        await using var client = await JsonClient.ConnectAsync(_host.WebSocket, Cancellation, options =>
        {
            options.Cookies = handler.CookieContainer;
            options.SetRequestHeader("Origin", _host.Http.GetLeftPart(UriPartial.Authority));
        });
        var refused = await client.RequestAsync(new() { ["type"] = "subscribe", ["topic"] = "staff" }, Cancellation);

        Assert.Equal("ada", client.Welcome.GetProperty("user").GetString());
        Assert.Equal(("forbidden", "staff only"), (refused.GetProperty("code").GetString(), refused.GetProperty("error").GetString()));
        await client.SubscribeAsync("news", Cancellation);
    }

    [Fact]
    public async Task Upgrade_after_a_page_on_the_same_connection_is_served()
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(_host.Http.Host, _host.Http.Port, Cancellation);
        using var client = new RawClient(socket, new NetworkStream(socket, ownsSocket: true));

        await client.SendAsync("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
        var (page, _) = await client.ReadResponseAsync();
        Assert.Equal("b\r\nmy own page\r\n0\r\n\r\n", await client.ReadAsync(21));
        await client.SendAsync(
            "GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
        var (upgrade, _) = await client.ReadResponseAsync();
        var frame = await client.ReadAsync(25);

        Assert.StartsWith("HTTP/1.1 200 ", page, StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 101 ", upgrade, StringComparison.Ordinal);
        Assert.Contains("{\"type\":\"welcome\"", frame, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Demo_page_of_the_program_is_not_in_the_application()
    {
        using var http = new HttpClient { BaseAddress = _host.Http };

        using var response = await http.GetAsync(new Uri("/app.js", UriKind.Relative), Cancellation);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.False(Directory.Exists(Path.Combine(SampleHost.Folder("Host"), "wwwroot")));
        Assert.DoesNotContain("app.js", await File.ReadAllTextAsync(Path.Combine(SampleHost.Folder("Host"), "Host.staticwebassets.endpoints.json"), Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sigterm_tells_clients_and_ends_with_exit_code_zero()
    {
        await using var client = await JsonClient.ConnectAsync(_host.WebSocket, Cancellation);

        _host.Signal(UnixSignal.Terminate);
        var messages = await client.ReadToCloseAsync(Cancellation);

        Assert.Equal("disconnecting", JsonClient.TypeOf(messages[^1]));
        Assert.Equal(1012, (int?)client.CloseStatus);
        Assert.Equal(0, await _host.WaitForExitAsync(Cancellation));
    }
}
