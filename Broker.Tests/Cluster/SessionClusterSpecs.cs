using System.Net;
using System.Text.Json;
using Broker.Tests.Support;

namespace Broker.Tests.Cluster;

/// <summary>Clients without a WebSocket whose node dies.</summary>
public sealed class SessionClusterSpecs : ProcessClusterSpecs
{
    [LongFact]
    public async Task Sessions_of_a_killed_node_are_410_and_go_on_elsewhere_with_what_they_missed()
    {
        var first = await StartAsync(null);
        var second = await StartAsync(first);
        var third = await StartAsync(first);
        using var http = new HttpClient();
        var opened = JsonDocument.Parse(await (await http.PostAsync(new Uri(second.Http, "/poll"), null, Cancellation)).Content.ReadAsStringAsync(Cancellation));
        var session = opened.RootElement.GetProperty("messages")[0].GetProperty("session").GetString();
        var waiting = http.GetAsync(new Uri(third.Http, $"/poll/{session}?cursor=1&wait=60000"), Cancellation);
        var (last, _) = await ReadAsync(http, second, null, "\"subscribed\"");

        second.Signal(UnixSignal.Kill);

        Assert.Equal(HttpStatusCode.Gone, (await waiting).StatusCode);
        await using var publisher = await JsonClient.ConnectAsync(third.WebSocket, Cancellation);
        await publisher.PublishAsync("chat.a", "missed", Cancellation);
        var (_, data) = await ReadAsync(http, first, last, "\"message\"");
        Assert.Contains("\"missed\"", data, StringComparison.Ordinal);
    }

    /// <summary>The last id, and the first event with such a part.</summary>
    private async Task<(string? Id, string Data)> ReadAsync(HttpClient http, NodeProcess node, string? lastId, string part)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, new Uri(node.Http, "/sse?topic=chat.a"));
        if (lastId is not null)
        {
            request.Headers.Add("Last-Event-ID", lastId);
        }

        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(Cancellation));
        string? id = null;
        while (await lines.ReadLineAsync(Cancellation) is { } line)
        {
            id = line.StartsWith("id: ", StringComparison.Ordinal) ? line["id: ".Length..] : id;
            if (line.Contains(part, StringComparison.Ordinal))
            {
                return (id, line);
            }
        }

        throw new InvalidOperationException("the stream has ended");
    }
}
