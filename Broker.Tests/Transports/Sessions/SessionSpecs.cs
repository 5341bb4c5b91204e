using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Broker.Tests.Support;

namespace Broker.Tests.Transports.Sessions;

/// <summary>Clients without a WebSocket: streams of events, polls and posts, at the session's own node and at another one.</summary>
public sealed class SessionSpecs(SessionNodes shared) : IClassFixture<SessionNodes>
{
    private static int _lastTopic;

    private readonly string _topic = $"t{Interlocked.Increment(ref _lastTopic)}";

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Stream_brings_answers_to_what_is_posted_anywhere_and_messages_in_their_order(int count)
    {
        var nodes = await shared.StartAsync(count, Deadline.Cancel);
        using var client = await SseClient.WelcomedAsync(nodes[0]);
        await client.PostAsync(nodes[^1], $$"""{"type":"subscribe","topic":"{{_topic}}","id":1}""");
        Assert.Equal(1, (await client.ReadAsync("subscribed")).GetProperty("id").GetInt32());
        await client.PostAsync(nodes[^1], $$"""[{"type":"publish","topic":"{{_topic}}","data":1,"id":2},{"type":"publish","topic":"{{_topic}}","data":2,"id":3}]""");

        var messages = new[] { await client.ReadAsync(), await client.ReadAsync(), await client.ReadAsync(), await client.ReadAsync() };

        Assert.Equal(["published", "published"], messages.Select(static m => m!.Value.GetProperty("type").GetString()).Where(static type => type == "published"));
        Assert.Equal([1, 2], messages.Where(static m => m!.Value.TryGetProperty("data", out _)).Select(static m => m!.Value.GetProperty("data").GetInt32()));
    }

    [Fact]
    public async Task Stream_says_what_proxies_must_not_do_and_begins_with_a_comment()
    {
        var nodes = await shared.StartAsync(1, Deadline.Cancel);
        using var client = await SseClient.WelcomedAsync(nodes[0]);
        var headers = client.Response.Headers;
        Assert.Equal("text/event-stream", client.Response.Content.Headers.ContentType!.ToString());
        Assert.Equal(("no", "no-cache, no-transform"), (Assert.Single(headers.GetValues("X-Accel-Buffering")), headers.CacheControl!.ToString().Replace("no-transform, no-cache", "no-cache, no-transform", StringComparison.Ordinal)));
        Assert.Equal(1, client.Comments);
    }

    [Fact]
    public async Task Ends_of_lines_in_data_do_not_end_an_event()
    {
        var nodes = await shared.StartAsync(1, Deadline.Cancel);
        using var client = await SseClient.WelcomedAsync(nodes[0], $"/sse?topic={_topic}");
        await client.ReadAsync("subscribed");
        await client.PostAsync(nodes[0], $"{{\"type\":\"publish\",\"topic\":\"{_topic}\",\"data\":{{\"a\":\r\n  1,\r \"b\":\"x\\ny\"}}}}");

        var data = (await client.ReadAsync("message")).GetProperty("data");
        Assert.Equal((1, "x\ny"), (data.GetProperty("a").GetInt32(), data.GetProperty("b").GetString()));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Post_that_is_sent_again_is_answered_and_not_taken_again(int count)
    {
        var nodes = await shared.StartAsync(count, Deadline.Cancel);
        using var client = await SseClient.WelcomedAsync(nodes[0], $"/sse?topic={_topic}");
        await client.ReadAsync("subscribed");
        for (var i = 0; i < 2; i++)
        {
            var answer = await SseClient.PostAsync(nodes[^1], client.Session, 1, $$"""{"type":"publish","topic":"{{_topic}}","data":"once"}""");
            Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        }

        await SseClient.PostAsync(nodes[0], client.Session, 2, $$"""{"type":"publish","topic":"{{_topic}}","data":"after"}""");
        Assert.Equal("once", (await client.ReadAsync("message")).GetProperty("data").GetString());
        Assert.Equal("after", (await client.ReadAsync("message")).GetProperty("data").GetString());
    }

    [Fact]
    public async Task Post_that_comes_too_early_waits_for_the_one_before_it()
    {
        var nodes = await shared.StartAsync(2, Deadline.Cancel);
        using var client = await SseClient.WelcomedAsync(nodes[0], $"/sse?topic={_topic}");
        await client.ReadAsync("subscribed");
        var second = SseClient.PostAsync(nodes[1], client.Session, 2, $$"""{"type":"publish","topic":"{{_topic}}","data":2}""");
        var first = SseClient.PostAsync(nodes[0], client.Session, 1, $$"""{"type":"publish","topic":"{{_topic}}","data":1}""");

        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.NoContent), ((await first).StatusCode, (await second).StatusCode));
        Assert.Equal(1, (await client.ReadAsync("message")).GetProperty("data").GetInt32());
        Assert.Equal(2, (await client.ReadAsync("message")).GetProperty("data").GetInt32());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Poll_at_any_node_brings_answers_and_messages_in_their_order(int count)
    {
        var nodes = await shared.StartAsync(count, Deadline.Cancel);
        var client = await PollClient.OpenAsync(nodes[0]);
        await client.PostAsync(nodes[^1], $$"""{"type":"subscribe","topic":"{{_topic}}","id":1}""");
        await client.ReadAsync(nodes[^1], "subscribed");
        for (var n = 0; n < 20; n++)
        {
            await client.PostAsync(nodes[n % count], $$"""{"type":"publish","topic":"{{_topic}}","data":{{n}}}""");
        }

        for (var n = 0; n < 20; n++)
        {
            Assert.Equal(n, (await client.ReadAsync(nodes[n % count], "message")).GetProperty("data").GetInt32());
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Answer_that_is_not_acknowledged_is_given_again(int count)
    {
        var nodes = await shared.StartAsync(count, Deadline.Cancel);
        var client = await PollClient.OpenAsync(nodes[0]);
        await client.PostAsync(nodes[0], """{"type":"ping","id":1}""");
        var first = await (await client.PollAsync(nodes[^1], client.Cursor)).Content.ReadAsStringAsync(Deadline.Cancel);
        await client.PostAsync(nodes[0], """{"type":"ping","id":2}""");
        var again = await (await client.PollAsync(nodes[0], client.Cursor)).Content.ReadAsStringAsync(Deadline.Cancel);
        Assert.Contains("\"id\":1", first, StringComparison.Ordinal);
        Assert.Equal(first, again);

        var cursor = JsonDocument.Parse(first).RootElement.GetProperty("cursor").GetString()!;
        Assert.Contains("\"id\":2", await (await client.PollAsync(nodes[^1], cursor)).Content.ReadAsStringAsync(Deadline.Cancel), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, (await client.PollAsync(nodes[0], "0")).StatusCode);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Second_poll_at_once_is_409_and_the_first_goes_on(int count)
    {
        var nodes = await shared.StartAsync(count, Deadline.Cancel);
        var client = await PollClient.OpenAsync(nodes[0]);
        var waiting = client.PollAsync(nodes[^1], client.Cursor);
        HttpResponseMessage second;
        do
        {
            // The first one is on its way: until it waits, the second one may be the one that waits.
            second = await client.PollAsync(nodes[0], client.Cursor, wait: 1);
        }
        while (second.StatusCode == HttpStatusCode.OK && !waiting.IsCompleted);

        Assert.True(second.StatusCode == HttpStatusCode.Conflict || waiting.IsCompleted);
    }

    [Fact]
    public async Task Poll_with_no_wait_is_answered_at_once()
    {
        var nodes = await shared.StartAsync(2, Deadline.Cancel);
        var client = await PollClient.OpenAsync(nodes[0]);
        foreach (var node in nodes)
        {
            using var answer = await client.PollAsync(node, client.Cursor, wait: 0);
            var body = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Deadline.Cancel)).RootElement;
            Assert.Equal(0, body.GetProperty("messages").GetArrayLength());
            break;
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Stream_that_comes_back_with_its_last_id_gets_what_it_missed(int count)
    {
        var nodes = await shared.StartAsync(count, Deadline.Cancel);
        var target = $"/sse?topic=seq.{_topic}&topic={_topic}";
        string? last;
        using (var client = await SseClient.WelcomedAsync(nodes[0], target))
        {
            await client.ReadAsync("subscribed");
            await client.ReadAsync("subscribed");
            await client.PostAsync(nodes[0], $$"""{"type":"publish","topic":"seq.{{_topic}}","data":1}""");
            await client.ReadAsync("message");
            last = client.LastId;
        }

        await nodes[0].Api.PublishAsync($"seq.{_topic}", 2, cancellationToken: Deadline.Cancel);
        await nodes[0].Api.PublishAsync($"seq.{_topic}", 3, cancellationToken: Deadline.Cancel);
        using var back = await SseClient.WelcomedAsync(nodes[^1], target, headers => headers.Add("Last-Event-ID", last));
        var messages = new List<int>();
        while (messages.Count < 2)
        {
            if (await back.ReadAsync() is { } message && message.TryGetProperty("data", out var data))
            {
                messages.Add(data.GetInt32());
            }
        }

        Assert.Equal([2, 3], messages);
        Assert.Equal(3, JsonDocument.Parse(back.LastId!).RootElement.GetProperty($"seq.{_topic}")[1].GetInt64());
    }

    [Fact]
    public async Task Polls_of_topics_in_the_address_tell_what_to_come_back_with()
    {
        var nodes = await shared.StartAsync(1, Deadline.Cancel);
        var client = await PollClient.OpenAsync(nodes[0], $"/poll?topic=seq.{_topic}", HttpMethod.Get);
        await client.ReadAsync(nodes[0], "subscribed");
        await nodes[0].Api.PublishAsync($"seq.{_topic}", 1, cancellationToken: Deadline.Cancel);
        var body = await (await client.PollAsync(nodes[0], client.Cursor)).Content.ReadAsStringAsync(Deadline.Cancel);
        Assert.Equal(1, JsonDocument.Parse(body).RootElement.GetProperty("lastEventId").GetProperty($"seq.{_topic}")[1].GetInt64());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Ticket_is_good_once_at_any_node(int count)
    {
        var nodes = await shared.StartAsync(count, Deadline.Cancel);
        var request = new HttpRequestMessage(HttpMethod.Post, SessionNodes.UriOf(nodes[0], "/ticket"));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", SessionNodes.TokenOf("tina"));
        using var response = await SessionNodes.Http.SendAsync(request, Deadline.Cancel);
        var ticket = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Deadline.Cancel)).RootElement.GetProperty("ticket").GetString();

        using var client = await SseClient.OpenAsync(nodes[^1], $"/sse?ticket={ticket}");
        Assert.Equal("tina", (await client.ReadAsync("welcome")).GetProperty("user").GetString());
        foreach (var node in nodes)
        {
            using var again = await SseClient.OpenAsync(node, $"/sse?ticket={ticket}");
            Assert.Equal(HttpStatusCode.Unauthorized, again.Response.StatusCode);
        }
    }

    [Fact]
    public async Task Session_of_a_user_is_no_other_users()
    {
        var nodes = await shared.StartAsync(2, Deadline.Cancel);
        using var client = await SseClient.WelcomedAsync(nodes[0], configure: static headers => Authorize(headers, "ann"));
        foreach (var node in nodes)
        {
            Assert.Equal(HttpStatusCode.Forbidden, (await SseClient.PostAsync(node, client.Session, 1, """{"type":"ping"}""", static headers => Authorize(headers, "bob"))).StatusCode);
        }

        Assert.Equal(HttpStatusCode.NoContent, (await SseClient.PostAsync(nodes[1], client.Session, 1, """{"type":"ping","id":7}""", static headers => Authorize(headers, "ann"))).StatusCode);
        JsonElement message;
        do
        {
            message = (await client.ReadAsync())!.Value;
        }
        while (message.GetProperty("type").GetString() != "pong");
        Assert.Equal(7, message.GetProperty("id").GetInt32());
    }

    [Fact]
    public async Task Session_that_is_not_known_or_has_ended_is_410()
    {
        var nodes = await shared.StartAsync(2, Deadline.Cancel);
        var client = await PollClient.OpenAsync(nodes[0]);
        var request = new HttpRequestMessage(HttpMethod.Delete, SessionNodes.UriOf(nodes[1], $"/sessions/{client.Session}"));
        Assert.Equal(HttpStatusCode.NoContent, (await SessionNodes.Http.SendAsync(request, Deadline.Cancel)).StatusCode);
        await Eventually.IsTrueAsync(() => nodes[0].Api.State.Connections >= 0, "no state");
        HttpStatusCode status;
        do
        {
            status = (await client.PollAsync(nodes[1], client.Cursor, wait: 0)).StatusCode;
        }
        while (status == HttpStatusCode.OK);

        Assert.Equal(HttpStatusCode.Gone, status);
        foreach (var name in new[] { "x", client.Session[..^1] + "A", "00000001" + client.Session[8..] })
        {
            Assert.Equal(HttpStatusCode.Gone, (await SseClient.PostAsync(nodes[1], name, 1, "{}")).StatusCode);
        }
    }

    private static void Authorize(HttpRequestHeaders headers, string user) => headers.Authorization = new AuthenticationHeaderValue("Bearer", SessionNodes.TokenOf(user));
}
