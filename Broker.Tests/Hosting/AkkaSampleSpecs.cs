using System.Net;
using Broker.Tests.Clients;
using Broker.Tests.Support;

namespace Broker.Tests.Hosting;

/// <summary><c>samples/AkkaHost</c>: the node in the actor system of an application.</summary>
public sealed class AkkaSampleSpecs : RealClientSpecs
{
    [Fact]
    public async Task An_actor_publishes_and_sigterm_ends_both_in_order_with_code_zero()
    {
        await using var host = await SampleHost.StartAsync("AkkaHost", Cancellation);
        using var http = new HttpClient { BaseAddress = host.Http };
        await using var client = await JsonClient.ConnectAsync(host.WebSocket, Cancellation);
        await client.SubscribeAsync("news", Cancellation);

        using var announced = await http.PostAsync(new Uri("/announce?text=hello", UriKind.Relative), null, Cancellation);

        Assert.Equal(HttpStatusCode.Accepted, announced.StatusCode);
        Assert.Equal("""{"text":"hello","number":1}""", (await client.ReceiveAsync(Cancellation)).GetProperty("data").GetRawText());
        host.Signal(UnixSignal.Terminate);
        var messages = await client.ReadToCloseAsync(Cancellation);
        Assert.Equal("disconnecting", JsonClient.TypeOf(messages[^1]));
        Assert.Equal(1012, (int?)client.CloseStatus);
        Assert.Equal(0, await host.WaitForExitAsync(Cancellation));
        Assert.DoesNotContain("was removed", host.Output, StringComparison.Ordinal);
    }
}
