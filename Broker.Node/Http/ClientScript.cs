using System.IO.Compression;
using System.Security.Cryptography;
using Broker.Node.Configuration.Options;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Broker.Node.Http;

/// <summary>
/// Middleware that serves the JavaScript client, one file, at <c>broker.listen.client</c>: the protocol that the node speaks and the client
/// that speaks it come from one place. Pages of any origin may import it, since it says nothing that is not public.
/// </summary>
internal sealed class ClientScript(RequestDelegate next, BrokerOptions options)
{
    private readonly PathString _path = options.Listen.Client;
    private readonly Lazy<Files> _files = new(Files.Read);

    public Task InvokeAsync(HttpContext context)
    {
        var request = context.Request;
        var isAsked = _path.HasValue && request.Path == _path && (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method));
        return isAsked ? AnswerAsync(context, _files.Value) : next(context);
    }

    private static Task AnswerAsync(HttpContext context, Files files)
    {
        var (request, response) = (context.Request, context.Response);
        var headers = response.Headers;
        headers.AccessControlAllowOrigin = "*";
        headers.CacheControl = "no-cache";
        headers.ETag = files.Tag;
        headers.Vary = HeaderNames.AcceptEncoding;
        if (request.Headers.IfNoneMatch == files.Tag)
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return Task.CompletedTask;
        }

        var isSmall = Takes(request.Headers.AcceptEncoding, "gzip");
        var file = isSmall ? files.Small : files.Plain;
        headers.ContentEncoding = isSmall ? "gzip" : StringValues.Empty;
        response.ContentType = "text/javascript; charset=utf-8";
        response.ContentLength = file.Length;
        return HttpMethods.IsHead(request.Method) ? Task.CompletedTask : response.Body.WriteAsync(file, 0, file.Length, context.RequestAborted);
    }

    private static bool Takes(StringValues accepted, string encoding) =>
        StringWithQualityHeaderValue.TryParseList(accepted, out var values)
        && values.Any(value => value.Value.Equals(encoding, StringComparison.OrdinalIgnoreCase) && value.Quality is null or > 0);

    /// <summary>The file as it is and compressed, and its version.</summary>
    private sealed record Files(byte[] Plain, byte[] Small, string Tag)
    {
        public static Files Read()
        {
            using var source = typeof(ClientScript).Assembly.GetManifestResourceStream("Broker.Node.wwwroot.broker.js")!;
            var plain = new byte[source.Length];
            source.ReadExactly(plain);
            using var small = new MemoryStream();
            using (var gzip = new GZipStream(small, CompressionLevel.SmallestSize))
            {
                gzip.Write(plain);
            }

            return new Files(plain, small.ToArray(), $"W/\"{Convert.ToHexStringLower(SHA256.HashData(plain).AsSpan(0, 8))}\"");
        }
    }
}
