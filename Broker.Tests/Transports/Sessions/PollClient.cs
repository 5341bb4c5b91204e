using System.Net;
using System.Text.Json;
using Broker.Tests.Cluster;
using Broker.Tests.Support;

namespace Broker.Tests.Transports.Sessions;

/// <summary>A client that polls and posts at any node.</summary>
internal sealed class PollClient
{
    private readonly Queue<JsonElement> _messages = [];
    private long _posts;

    public string Session { get; private set; } = "";

    /// <summary>Of the last answer.</summary>
    public string Cursor { get; private set; } = "0";

    public static async Task<PollClient> OpenAsync(InProcessNode node, string target = "/poll", HttpMethod? method = null)
    {
        var client = new PollClient();
        using var response = await SessionNodes.Http.SendAsync(new HttpRequestMessage(method ?? HttpMethod.Post, SessionNodes.UriOf(node, target)), Deadline.Cancel);
        await client.TakeAsync(response);
        client.Session = (await client.ReadAsync(node, "welcome")).GetProperty("session").GetString()!;
        return client;
    }

    /// <summary>The next message, polled for until it comes.</summary>
    public async Task<JsonElement> ReadAsync(InProcessNode node, string type)
    {
        while (_messages.Count == 0)
        {
            using var response = await PollAsync(node, Cursor);
            await TakeAsync(response);
        }

        var message = _messages.Dequeue();
        Assert.True(message.GetProperty("type").GetString() == type, message.GetRawText());
        return message;
    }

    public Task<HttpResponseMessage> PollAsync(InProcessNode node, string cursor, int wait = 25_000) =>
        SessionNodes.Http.GetAsync(SessionNodes.UriOf(node, $"/poll/{Session}?cursor={cursor}&wait={wait}"), Deadline.Cancel);

    public async Task PostAsync(InProcessNode node, string body) =>
        Assert.Equal(HttpStatusCode.NoContent, (await SseClient.PostAsync(node, Session, ++_posts, body)).StatusCode);

    private async Task TakeAsync(HttpResponseMessage response)
    {
        var body = await response.Content.ReadAsStringAsync(Deadline.Cancel);
        Assert.True(response.StatusCode == HttpStatusCode.OK, body);
        var answer = JsonDocument.Parse(body).RootElement;
        Cursor = answer.GetProperty("cursor").GetString()!;
        foreach (var message in answer.GetProperty("messages").EnumerateArray())
        {
            _messages.Enqueue(message);
        }
    }
}
