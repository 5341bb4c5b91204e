using System.Globalization;
using Broker.Protocol.Handshake;
using Broker.Protocol.Http;

namespace Broker.Protocol.Deflate;

/// <summary>
/// What client and server agree on (RFC 7692 sections 5 and 7.1): offers and answers are values of
/// <c>Sec-WebSocket-Extensions</c>. Pure and thread-safe.
/// </summary>
public static class DeflateNegotiation
{
    internal const string Header = "Sec-WebSocket-Extensions";
    private const string Name = "permessage-deflate";
    private const string ServerNoContextTakeover = "server_no_context_takeover";
    private const string ClientNoContextTakeover = "client_no_context_takeover";
    private const string ServerMaxWindowBits = "server_max_window_bits";
    private const string ClientMaxWindowBits = "client_max_window_bits";

    /// <summary>
    /// A server's choice: the first offer that it can keep to. Declined are other extensions, elements that break the grammar,
    /// unknown and repeated parameters and wrong values (section 7.1), and a window below 32 KiB for the server, which .NET's
    /// deflate cannot be given. That leaves the connection without compression; it never fails the handshake.
    /// </summary>
    /// <param name="headers">The request's.</param>
    /// <param name="options">What the server wants.</param>
    /// <param name="answer">The value of the response's header; null where nothing was agreed on.</param>
    public static DeflateParameters? Accept(IReadOnlyList<HttpHeader> headers, DeflateOptions options, out string? answer)
    {
        ArgumentNullException.ThrowIfNull(options);
        foreach (var extension in Read(headers))
        {
            if (ReadParameters(extension) is { ServerWindow: null or DeflateParameters.MaxWindowBits } offer)
            {
                return Accept(offer, options, out answer);
            }
        }

        answer = null;
        return null;
    }

    /// <summary>A client's offer. It never offers a window of its own: .NET's deflate could not keep to the answer.</summary>
    /// <param name="offer">What the client wants; its own window is left alone.</param>
    public static string Offer(DeflateParameters offer)
    {
        ArgumentNullException.ThrowIfNull(offer);
        return Write(offer, offer.ServerMaxWindowBits < DeflateParameters.MaxWindowBits ? offer.ServerMaxWindowBits : null, null);
    }

    /// <summary>A client's judgement of the answer to its offer; on a violation it MUST fail the connection (section 5.1).</summary>
    /// <param name="headers">The response's, with at least one line of extensions.</param>
    /// <param name="offer">What was offered.</param>
    /// <returns>What holds from now on; null: the answer is not one to this offer.</returns>
    public static DeflateParameters? ReadAnswer(IReadOnlyList<HttpHeader> headers, DeflateParameters offer)
    {
        ArgumentNullException.ThrowIfNull(offer);

        // Section 7.1.1.1 and 7.1.2.1: what the client asked of the server must be there. 7.1.2.2: it offered no window.
        return Read(headers).ToList() is [var extension]
            && ReadParameters(extension) is { ClientWindowMentioned: false } answer
            && (answer.ServerAlone || !offer.ServerNoContextTakeover)
            && (answer.ServerWindow ?? DeflateParameters.MaxWindowBits) <= offer.ServerMaxWindowBits
            ? offer with
            {
                ServerNoContextTakeover = answer.ServerAlone,
                ClientNoContextTakeover = answer.ClientAlone || offer.ClientNoContextTakeover,
                ServerMaxWindowBits = answer.ServerWindow ?? DeflateParameters.MaxWindowBits,
            }
            : null;
    }

    private static DeflateParameters Accept(Parameters offer, DeflateOptions options, out string answer)
    {
        var parameters = new DeflateParameters
        {
            ServerNoContextTakeover = options.ServerNoContextTakeover || offer.ServerAlone,
            ClientNoContextTakeover = options.ClientNoContextTakeover || offer.ClientAlone,
            ClientMaxWindowBits = offer.ClientWindow ?? DeflateParameters.MaxWindowBits,
            Threshold = options.Threshold,
            Level = options.Level,
        };

        // 7.1.2.1: a window asked of the server must be answered. 7.1.2.2: the client's own may be, and then holds; only where
        // it said one is anything saved by it.
        answer = Write(parameters, offer.ServerWindow, offer.ClientWindow);
        return parameters;
    }

    private static IEnumerable<Extension> Read(IReadOnlyList<HttpHeader> headers)
    {
        foreach (var header in headers.Where(static header => header.Name.Equals(Header, StringComparison.OrdinalIgnoreCase)))
        {
            var scanner = new ExtensionScanner(header.Value);
            while (scanner.Read() is { } extension)
            {
                yield return extension;
            }
        }
    }

    /// <summary>Null: not this extension, or not as section 7.1 has it.</summary>
    private static Parameters? ReadParameters(Extension extension)
    {
        if (extension.Name != Name || !extension.IsWellFormed)
        {
            return null;
        }

        var read = new Parameters();
        foreach (var (name, value) in extension.Parameters)
        {
            Parameters? next = name switch
            {
                ServerNoContextTakeover when value is null && !read.ServerAlone => read with { ServerAlone = true },
                ClientNoContextTakeover when value is null && !read.ClientAlone => read with { ClientAlone = true },
                ServerMaxWindowBits when Bits(value) is { } bits && read.ServerWindow is null => read with { ServerWindow = bits },
                ClientMaxWindowBits when value is null && !read.ClientWindowMentioned => read with { ClientWindowMentioned = true },
                ClientMaxWindowBits when Bits(value) is { } bits && !read.ClientWindowMentioned => read with { ClientWindowMentioned = true, ClientWindow = bits },
                _ => null,
            };
            if (next is not { } known)
            {
                return null;
            }

            read = known;
        }

        return read;
    }

    /// <summary>Section 7.1.2: "a decimal integer value without leading zeroes between 8 to 15, inclusive".</summary>
    private static int? Bits(string? value) => value switch
    {
        "8" or "9" => value[0] - '0',
        ['1', >= '0' and <= '5'] => 10 + value[1] - '0',
        _ => null,
    };

    private static string Write(DeflateParameters parameters, int? serverWindow, int? clientWindow)
    {
        List<string> parts = [Name];
        if (parameters.ServerNoContextTakeover)
        {
            parts.Add(ServerNoContextTakeover);
        }

        if (parameters.ClientNoContextTakeover)
        {
            parts.Add(ClientNoContextTakeover);
        }

        if (serverWindow is { } server)
        {
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"{ServerMaxWindowBits}={server}"));
        }

        if (clientWindow is { } client)
        {
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"{ClientMaxWindowBits}={client}"));
        }

        return string.Join("; ", parts);
    }

    private readonly record struct Parameters(bool ServerAlone, bool ClientAlone, int? ServerWindow, bool ClientWindowMentioned, int? ClientWindow);
}
