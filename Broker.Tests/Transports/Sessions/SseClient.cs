using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Broker.Tests.Cluster;
using Broker.Tests.Support;

namespace Broker.Tests.Transports.Sessions;

/// <summary>A client of a stream of events that posts at any node.</summary>
internal sealed class SseClient : IDisposable
{
    private readonly StreamReader _lines;
    private long _posts;

    private SseClient(HttpResponseMessage response, Stream body)
    {
        Response = response;
        _lines = new StreamReader(body, Encoding.UTF8);
    }

    public HttpResponseMessage Response { get; }

    /// <summary>Known when the welcome has been read.</summary>
    public string Session { get; private set; } = "";

    /// <summary>The last id that came.</summary>
    public string? LastId { get; private set; }

    /// <summary>Comments so far.</summary>
    public int Comments { get; private set; }

    public static async Task<SseClient> OpenAsync(InProcessNode node, string target = "/sse", Action<HttpRequestHeaders>? configure = null, HttpClient? http = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, SessionNodes.UriOf(node, target));
        configure?.Invoke(request.Headers);
        var response = await (http ?? SessionNodes.Http).SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Deadline.Cancel);
        return new SseClient(response, await response.Content.ReadAsStreamAsync(Deadline.Cancel));
    }

    /// <summary>A session whose welcome has come.</summary>
    public static async Task<SseClient> WelcomedAsync(InProcessNode node, string target = "/sse", Action<HttpRequestHeaders>? configure = null, HttpClient? http = null)
    {
        var client = await OpenAsync(node, target, configure, http);
        Assert.Equal(HttpStatusCode.OK, client.Response.StatusCode);
        client.Session = (await client.ReadAsync("welcome")).GetProperty("session").GetString()!;
        return client;
    }

    /// <summary>The next message; null: the stream has ended.</summary>
    public async Task<JsonElement?> ReadAsync()
    {
        StringBuilder? data = null;
        while (await _lines.ReadLineAsync(Deadline.Cancel) is { } line)
        {
            if (line.Length == 0 && data is not null)
            {
                return JsonDocument.Parse(data.ToString()).RootElement;
            }

            if (line.StartsWith(':'))
            {
                Comments++;
            }
            else if (line.StartsWith("id: ", StringComparison.Ordinal))
            {
                LastId = line["id: ".Length..];
            }
            else if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                Assert.Null(data);
                data = new StringBuilder(line["data: ".Length..]);
            }
            else
            {
                Assert.Equal("", line);
            }
        }

        return null;
    }

    public async Task<JsonElement> ReadAsync(string type)
    {
        var message = await ReadAsync() ?? throw new InvalidOperationException("the stream has ended");
        Assert.True(message.GetProperty("type").GetString() == type, message.GetRawText());
        return message;
    }

    /// <summary>Posts under the next number.</summary>
    public async Task PostAsync(InProcessNode node, string body) =>
        Assert.Equal(HttpStatusCode.NoContent, (await PostAsync(node, Session, ++_posts, body)).StatusCode);

    public static Task<HttpResponseMessage> PostAsync(InProcessNode node, string session, long number, string body, Action<HttpRequestHeaders>? configure = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, SessionNodes.UriOf(node, $"/sessions/{session}?n={number}")) { Content = new StringContent(body) };
        configure?.Invoke(request.Headers);
        return SessionNodes.Http.SendAsync(request, Deadline.Cancel);
    }

    public void Dispose()
    {
        _lines.Dispose();
        Response.Dispose();
    }
}
