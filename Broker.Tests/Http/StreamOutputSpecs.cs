using Broker.Node.Http;

namespace Broker.Tests.Http;

public sealed class StreamOutputSpecs
{
    [Fact]
    public async Task Write_to_a_client_that_has_gone_is_a_completed_flush()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var pipe = new System.IO.Pipes.AnonymousPipeServerStream(System.IO.Pipes.PipeDirection.Out);
        pipe.ClientSafePipeHandle.Dispose();
        var output = new StreamOutput(pipe);

        Assert.True((await output.WriteAsync(new byte[16], cancel)).IsCompleted);

        await pipe.DisposeAsync();
        Assert.True((await output.WriteAsync(new byte[16], cancel)).IsCompleted);
        await output.CompleteAsync(new IOException("gone"));
    }
}
