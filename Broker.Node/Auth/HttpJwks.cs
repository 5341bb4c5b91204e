namespace Broker.Node.Auth;

/// <summary>Fetches a JWK set with one GET: no redirects, no cookies, status 200, at most <see cref="JwksReader.MaxBytes"/>.</summary>
internal sealed class HttpJwks : IDisposable
{
    private readonly HttpClient _client = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        MaxResponseHeadersLength = 16,
    })
    {
        MaxResponseContentBufferSize = JwksReader.MaxBytes,
        // The caller's cancellation is the one clock, and it covers the body too.
        Timeout = System.Threading.Timeout.InfiniteTimeSpan,
    };

    public async Task<byte[]> FetchAsync(Uri address, CancellationToken cancellation)
    {
        using var response = await _client.GetAsync(address, cancellation);
        return response.StatusCode == System.Net.HttpStatusCode.OK
            ? await response.Content.ReadAsByteArrayAsync(cancellation)
            : throw new HttpRequestException($"status {(int)response.StatusCode}");
    }

    public void Dispose() => _client.Dispose();
}
