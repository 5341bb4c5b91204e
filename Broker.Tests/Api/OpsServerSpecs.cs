using System.Net;
using System.Net.Sockets;
using System.Text;
using Broker.Node.Api;
using Broker.Node.Configuration.Options;
using Broker.Tests.Http;
using Broker.Tests.Support;

namespace Broker.Tests.Api;

public sealed class OpsServerSpecs
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/health/live", false, false, 200, """{"status":"live"}""")]
    [InlineData("/health/ready", true, false, 503, """{"status":"unready","reason":"joining \"the\" cluster"}""")]
    [InlineData("/health/ready", true, true, 200, """{"status":"ready"}""")]
    [InlineData("/health/startup", false, false, 503, """{"status":"starting","reason":"joining \"the\" cluster"}""")]
    [InlineData("/health/startup", true, false, 200, """{"status":"started"}""")]
    [InlineData("/health", true, true, 404, "")]
    [InlineData("/ws", true, true, 404, "")]
    public async Task Health_says_what_the_node_is(string path, bool started, bool ready, int status, string body)
    {
        await using var server = new OpsServer(new OpsOptions { Port = 0 }, 8080, new Health(started, ready, "joining \"the\" cluster"));
        var endPoint = await server.StartAsync(Cancel);
        using var client = new HttpClient();
        using var response = await client.GetAsync(new Uri($"http://{endPoint}{path}"), Cancel);
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(body, System.Text.RegularExpressions.Regex.Unescape(await response.Content.ReadAsStringAsync(Cancel)).Replace("\"the\"", "\\\"the\\\"", StringComparison.Ordinal));
        Assert.False(response.Headers.Contains("Server"));
    }

    [Fact]
    public async Task Only_GET_and_HEAD_are_answered()
    {
        await using var server = new OpsServer(new OpsOptions(), 0, new Health(true, true, null));
        var endPoint = await server.StartAsync(Cancel);
        using var client = new HttpClient();
        using var posted = await client.PostAsync(new Uri($"http://{endPoint}/health/live"), null, Cancel);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, posted.StatusCode);
        using var request = new HttpRequestMessage(HttpMethod.Head, $"http://{endPoint}/health/live");
        using var headed = await client.SendAsync(request, Cancel);
        Assert.Equal(HttpStatusCode.OK, headed.StatusCode);
    }

    [Theory]
    [InlineData("GET", "/health/live", 400)]
    [InlineData("GET", "/health/ready", 400)]
    [InlineData("GET", "/health/startup", 400)]
    [InlineData("GET", "/metrics", 400)]
    [InlineData("GET", "/ws", 400)]
    [InlineData("GET", "/", 400)]
    [InlineData("POST", "/health/live", 405)]
    public async Task An_upgrade_is_refused_whatever_the_path(string method, string path, int status)
    {
        await using var server = new OpsServer(new OpsOptions { Port = 0 }, 8080, new Health(true, true, null));
        var endPoint = await server.StartAsync(Cancel);
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(endPoint, Cancel);
        using var client = new RawClient(socket, new NetworkStream(socket));
        await client.Stream.WriteAsync(Encoding.ASCII.GetBytes(Encoding.ASCII.GetString(RawWebSocket.UpgradeRequest("a", path)).Replace("GET", method, StringComparison.Ordinal)), Cancel);
        Assert.StartsWith($"HTTP/1.1 {status} ", (await client.ReadResponseAsync()).Head, StringComparison.Ordinal);

        // The port is there for others as before.
        using var http = new HttpClient();
        Assert.Contains("live", await http.GetStringAsync(new Uri($"http://{endPoint}/health/live"), Cancel), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, 8080, 9080)]
    [InlineData(null, 0, 0)]
    [InlineData(9999, 8080, 9999)]
    public void Port_is_the_public_one_plus_1000_unless_it_is_set(int? port, int publicPort, int expected) =>
        Assert.Equal(expected, OpsServer.PortFor(new OpsOptions { Port = port }, publicPort));

    [Fact]
    public void Port_that_does_not_exist_is_refused() =>
        Assert.Contains("65536", Assert.Throws<IOException>(() => OpsServer.PortFor(new OpsOptions(), 64536)).Message, StringComparison.Ordinal);

    [Fact]
    public async Task Address_in_use_fails_the_start_and_disposal_frees_it()
    {
        var server = new OpsServer(new OpsOptions { Port = 0 }, 8080, new Health(true, true, null));
        var endPoint = await server.StartAsync(Cancel);
        await using var second = new OpsServer(new OpsOptions { Port = endPoint.Port }, 8080, new Health(true, true, null));
        var failure = await Assert.ThrowsAsync<IOException>(() => second.StartAsync(Cancel));
        Assert.Contains(endPoint.ToString(), failure.Message, StringComparison.Ordinal);
        await server.DisposeAsync();
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(endPoint);
    }

    private sealed record Health(bool Started, bool Ready, string? Reason) : INodeHealth;
}
