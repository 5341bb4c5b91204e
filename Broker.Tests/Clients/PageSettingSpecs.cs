using Broker.Tests.Support;

namespace Broker.Tests.Clients;

[Collection(RealClients.Name)]
public sealed class PageSettingSpecs : RealClientSpecs
{
    [Fact]
    public async Task With_the_page_off_its_files_are_unknown_paths_and_clients_connect_as_before()
    {
        await using var node = await NodeProcess.StartAsync([], Cancellation, new Dictionary<string, string> { ["BROKER__PAGE"] = "off" });
        using var http = new HttpClient { BaseAddress = node.Http };
        var unknown = await AnswerAsync("no-such-file");
        Assert.StartsWith("404 ", unknown, StringComparison.Ordinal);

        string[] files = ["", .. Directory.EnumerateFiles(Path.Combine(SourceTree.Root, "Broker.Node", "wwwroot")).Select(Path.GetFileName)!];
        Assert.Contains("index.html", files);
        Assert.All(await Task.WhenAll(files.Select(AnswerAsync)), answer => Assert.Equal(unknown, answer));

        await using var client = await JsonClient.ConnectAsync(node.WebSocket, Cancellation);
        await client.SubscribeAsync("news", Cancellation);

        async Task<string> AnswerAsync(string path)
        {
            using var answer = await http.GetAsync(new Uri(path, UriKind.Relative), Cancellation);
            var headers = answer.Headers.Concat(answer.Content.Headers).Where(static header => header.Key != "Date").Select(static header => $"{header.Key}: {string.Join(", ", header.Value)}");
            return $"{(int)answer.StatusCode} {string.Join("; ", headers)} {await answer.Content.ReadAsStringAsync(Cancellation)}";
        }
    }
}
