using System.Net;
using System.Text;
using Broker.Tests.Hosting;
using Broker.Tests.Support;

namespace Broker.Tests.Clients;

/// <summary>The JavaScript client as nodes serve it.</summary>
[Collection(RealClients.Name)]
public sealed class ClientScriptSpecs(OneNode shared) : RealClientSpecs
{
    private static string Script { get; } = File.ReadAllText(Path.Combine(SourceTree.Client, "broker.js"));

    [Fact]
    public async Task Every_node_serves_the_client_to_pages_of_any_origin()
    {
        using var http = new HttpClient { BaseAddress = shared.Node.Http };
        using var answer = await http.GetAsync(new Uri("/broker.js", UriKind.Relative), Cancellation);

        Assert.Equal(Script, await answer.Content.ReadAsStringAsync(Cancellation));
        Assert.Equal("text/javascript; charset=utf-8", $"{answer.Content.Headers.ContentType}");
        Assert.Equal("*", Assert.Single(answer.Headers.GetValues("Access-Control-Allow-Origin")));

        using var again = new HttpRequestMessage(HttpMethod.Get, new Uri("/broker.js", UriKind.Relative));
        again.Headers.IfNoneMatch.Add(answer.Headers.ETag!);
        using var unchanged = await http.SendAsync(again, Cancellation);
        Assert.Equal(HttpStatusCode.NotModified, unchanged.StatusCode);
    }

    [Theory]
    [InlineData("gzip, br", true)]
    [InlineData("gzip;q=0, br", false)]
    [InlineData("nonsense;;;", false)]
    public async Task Client_comes_compressed_to_who_takes_that(string accepted, bool isSmall)
    {
        using var handler = new HttpClientHandler { AutomaticDecompression = DecompressionMethods.None };
        using var http = new HttpClient(handler);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(shared.Node.Http, "/broker.js"));
        request.Headers.TryAddWithoutValidation("Accept-Encoding", accepted);
        using var answer = await http.SendAsync(request, Cancellation);

        Assert.Equal(isSmall ? ["gzip"] : [], answer.Content.Headers.ContentEncoding);
        var length = (await answer.Content.ReadAsByteArrayAsync(Cancellation)).Length;
        Assert.True(isSmall ? length < 11_000 : length == Encoding.UTF8.GetByteCount(Script), $"{length} bytes");
    }

    [Fact]
    public async Task Path_of_the_client_is_a_setting_and_does_not_need_the_page()
    {
        await using var node = await NodeProcess.StartAsync([], Cancellation, new Dictionary<string, string> { ["BROKER__PAGE"] = "off", ["BROKER__LISTEN__CLIENT"] = "/lib/b.js" });
        using var http = new HttpClient { BaseAddress = node.Http };

        Assert.Equal(Script, await http.GetStringAsync(new Uri("/lib/b.js", UriKind.Relative), Cancellation));
        using var answer = await http.GetAsync(new Uri("/broker.js", UriKind.Relative), Cancellation);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task Page_has_the_client_wherever_the_setting_moves_it()
    {
        await using var node = await NodeProcess.StartAsync([], Cancellation, new Dictionary<string, string> { ["BROKER__LISTEN__CLIENT"] = "/lib/b.js" });
        using var http = new HttpClient { BaseAddress = node.Http };

        Assert.Contains("'/broker.js'", await http.GetStringAsync(new Uri("/tictactoe.js", UriKind.Relative), Cancellation), StringComparison.Ordinal);
        Assert.Equal(Script, await http.GetStringAsync(new Uri("/broker.js", UriKind.Relative), Cancellation));
    }

    [Fact]
    public async Task Application_around_a_node_serves_the_client_too()
    {
        await using var host = await SampleHost.StartAsync("Host", Cancellation);
        using var http = new HttpClient { BaseAddress = host.Http };

        Assert.Equal(Script, await http.GetStringAsync(new Uri("/broker.js", UriKind.Relative), Cancellation));
    }
}
