using Microsoft.AspNetCore.Http.Features;
using HttpResponse = Microsoft.AspNetCore.Http.HttpResponse;

namespace Broker.Node.Http;

/// <summary>
/// The ways to end one HTTP/2 stream, as long as its request is not over: what Kestrel has lent is another request's then. Thread-safe.
/// </summary>
internal sealed class StreamEnd(IHttpResetFeature feature, HttpResponse response)
{
    /// <summary>RFC 8441 section 5: CANCEL is what a reset of the TCP connection is elsewhere.</summary>
    private const int Cancel = 8;

    private readonly Lock _gate = new();
    private Task _output = Task.CompletedTask;
    private bool _isOver;

    public void Reset()
    {
        lock (_gate)
        {
            if (!_isOver)
            {
                feature.Reset(Cancel);
            }
        }
    }

    /// <summary>This side sends nothing more.</summary>
    public Task EndOutputAsync()
    {
        lock (_gate)
        {
            return _isOver ? Task.CompletedTask : _output = CompleteAsync();
        }
    }

    /// <summary>From here on nothing is ended any more.</summary>
    public async Task OverAsync()
    {
        lock (_gate)
        {
            _isOver = true;
        }

        await _output.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>What it throws is its task's.</summary>
    private async Task CompleteAsync() => await response.CompleteAsync();
}
