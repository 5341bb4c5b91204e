using System.Net;
using Broker.Tests.Cluster;
using Broker.Tests.Support;

namespace Broker.Tests.Transports.Sessions;

/// <summary>What requests of clients without a WebSocket are refused, and which pages may make them.</summary>
public sealed class SessionRequestSpecs(SessionNodes shared) : IClassFixture<SessionNodes>
{
    [Theory]
    [InlineData("POST", "/sse", 405)]
    [InlineData("TRACE", "/poll", 405)]
    [InlineData("PUT", "/ticket", 405)]
    [InlineData("POST", "/ticket", 401)]
    [InlineData("GET", "/sse?ticket=no", 401)]
    [InlineData("GET", "/sse?topic=a&wait=x", 400)]
    [InlineData("POST", "/poll?wait=60001", 400)]
    [InlineData("POST", "/poll?wait=-1", 400)]
    [InlineData("GET", "/poll/x", 410)]
    [InlineData("GET", "/poll/x?cursor=y", 400)]
    [InlineData("POST", "/sessions/x", 400)]
    [InlineData("POST", "/sessions/x?n=0", 400)]
    [InlineData("POST", "/sessions/x?n=1&n=2", 400)]
    [InlineData("POST", "/sessions/x?n=99999999999999999999", 400)]
    [InlineData("DELETE", "/sessions/x", 410)]
    [InlineData("GET", "/sessions/", 404)]
    [InlineData("GET", "/sse/x", 404)]
    public async Task Request_that_cannot_be_is_refused_with_its_status(string method, string target, int status)
    {
        var node = await NodeAsync();
        using var response = await SendAsync(node, method, target);
        Assert.Equal((HttpStatusCode)status, response.StatusCode);
        if (status != 404)
        {
            Assert.Contains("\"error\":", await response.Content.ReadAsStringAsync(Deadline.Cancel), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("1")]
    [InlineData("""{"a":1}""")]
    [InlineData("""{"a":["e"]}""")]
    [InlineData("""{"a":["e",-1]}""")]
    [InlineData("""{"a":[1,1]}""")]
    public async Task Last_event_id_that_is_no_map_of_positions_is_400(string id)
    {
        var node = await NodeAsync();
        using var response = await SendAsync(node, "GET", "/sse?topic=a", headers: ("Last-Event-ID", id));
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Fact]
    public async Task Body_that_is_empty_or_too_large_or_no_text_is_refused_and_not_taken()
    {
        var node = await NodeAsync();
        using var client = await SseClient.WelcomedAsync(node);
        var target = $"/sessions/{client.Session}?n=1";
        Assert.Equal(HttpStatusCode.BadRequest, (await SendAsync(node, "POST", target, [])).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await SendAsync(node, "POST", target, [0xFF])).StatusCode);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await SendAsync(node, "POST", target, new byte[(64 * 1024) + 1])).StatusCode);
        await client.PostAsync(node, """{"type":"ping","id":1}""");
        await client.ReadAsync("pong");
    }

    [Fact]
    public async Task Nonsense_is_answered_and_ends_the_session_as_it_ends_a_connection()
    {
        var node = await NodeAsync();
        using var client = await SseClient.WelcomedAsync(node);
        for (var n = 1; n <= 5; n++)
        {
            await client.PostAsync(node, "nonsense");
            Assert.Equal("invalid_json", (await client.ReadAsync("error")).GetProperty("code").GetString());
        }

        Assert.Equal((1008, false), (await client.ReadAsync("disconnecting")) is var told ? (told.GetProperty("code").GetInt32(), told.GetProperty("reconnect").GetBoolean()) : default);
        Assert.Null(await client.ReadAsync());
    }

    [Fact]
    public async Task Page_of_an_allowed_origin_may_do_everything_with_cookies()
    {
        var node = await NodeAsync();
        foreach (var (method, target) in new[] { ("OPTIONS", "/sse"), ("OPTIONS", "/sessions/x"), ("OPTIONS", "/ticket"), ("GET", "/poll/x"), ("POST", "/ticket") })
        {
            using var response = await SendAsync(node, method, target, headers: ("Origin", SessionNodes.Origin));
            Assert.Equal(SessionNodes.Origin, Assert.Single(response.Headers.GetValues("Access-Control-Allow-Origin")));
            Assert.Equal("true", Assert.Single(response.Headers.GetValues("Access-Control-Allow-Credentials")));
            Assert.Contains("Origin", response.Headers.Vary);
            if (method == "OPTIONS")
            {
                Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
                Assert.Contains("Last-Event-ID", Assert.Single(response.Headers.GetValues("Access-Control-Allow-Headers")), StringComparison.Ordinal);
            }
        }
    }

    [Theory]
    [InlineData("OPTIONS", "/sse")]
    [InlineData("GET", "/sse")]
    [InlineData("POST", "/poll")]
    [InlineData("POST", "/ticket")]
    public async Task Page_of_another_origin_is_403_and_reads_nothing(string method, string target)
    {
        var node = await NodeAsync();
        using var response = await SendAsync(node, method, target, headers: ("Origin", "https://evil.example"));
        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.False(response.Headers.Contains("Access-Control-Allow-Origin"));
    }

    /// <summary>A browser sends no origin to what it takes for the page's own host, whoever made the host's name point here.</summary>
    [Fact]
    public async Task Name_that_was_made_to_point_to_loopback_is_no_own_host()
    {
        var node = await NodeAsync();
        using var response = await SendAsync(node, "GET", "/sse", headers: ("Host", "evil.example"));
        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
    }

    private static async Task<HttpResponseMessage> SendAsync(InProcessNode node, string method, string target, byte[]? body = null, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(new HttpMethod(method), SessionNodes.UriOf(node, target)) { Content = body is null ? null : new ByteArrayContent(body) };
        foreach (var (name, value) in headers)
        {
            Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        }

        return await SessionNodes.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Deadline.Cancel);
    }

    private async Task<InProcessNode> NodeAsync() => (await shared.StartAsync(1, Deadline.Cancel))[0];
}
