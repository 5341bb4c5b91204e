using System.Net;
using System.Net.Sockets;
using System.Text;
using Broker.Node.Auth;

namespace Broker.Tests.Auth;

public sealed class HttpJwksSpecs
{
    [Fact]
    public async Task Body_of_a_good_answer_is_returned()
    {
        var (body, requests) = await FetchAsync("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{\"keys\":[]}");
        Assert.Equal("{\"keys\":[]}", Encoding.UTF8.GetString(body!));
        Assert.Equal(1, requests);
    }

    [Theory]
    [InlineData("HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 204 No Content\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n{")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")]
    [InlineData("not http\r\n\r\n")]
    public async Task Other_answers_fail_and_no_redirect_is_followed(string answer)
    {
        var (body, requests) = await FetchAsync(answer);
        Assert.Null(body);
        Assert.Equal(1, requests);
    }

    [Theory]
    [InlineData(65_536, true)]
    [InlineData(65_537, false)]
    public async Task Body_has_at_most_64_KiB(int length, bool accepted)
    {
        var (body, _) = await FetchAsync($"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{new string(' ', length)}");
        Assert.Equal(accepted ? length : null, body?.Length);
    }

    [Fact]
    public async Task Endless_body_is_given_up_after_64_KiB()
    {
        var (body, _) = await FetchAsync("HTTP/1.1 200 OK\r\n\r\n", endless: true);
        Assert.Null(body);
    }

    private static async Task<(byte[]? Body, int Requests)> FetchAsync(string answer, bool endless = false)
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var requests = 0;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var server = ServeAsync();
        using var http = new HttpJwks();
        byte[]? body;
        try
        {
            body = await http.FetchAsync(new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/keys"), cancellation);
        }
        catch (HttpRequestException)
        {
            body = null;
        }

        await stop.CancelAsync();
        await server;
        return (body, requests);

        async Task ServeAsync()
        {
            try
            {
                while (true)
                {
                    using var client = await listener.AcceptTcpClientAsync(stop.Token);
                    requests++;
                    var stream = client.GetStream();
                    _ = await stream.ReadAsync(new byte[4096], stop.Token);
                    await stream.WriteAsync(Encoding.ASCII.GetBytes(answer), stop.Token);
                    while (endless)
                    {
                        await stream.WriteAsync(new byte[16_384], stop.Token);
                    }
                }
            }
            catch (Exception e) when (e is OperationCanceledException or IOException)
            {
                // The client has hung up, or the test is over.
            }
        }
    }
}
