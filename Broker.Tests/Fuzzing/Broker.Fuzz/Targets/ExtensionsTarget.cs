using System.Text;
using Broker.Fuzz.Engine;
using Broker.Protocol.Deflate;
using Broker.Protocol.Http;

namespace Broker.Fuzz.Targets;

/// <summary>
/// <c>Sec-WebSocket-Extensions</c> of a request and of a response: what is answered is an answer to what was offered,
/// asks for nothing that cannot be kept, and is the same for one line or several.
/// <code>wishes 8, one value a line …</code>
/// </summary>
internal sealed class ExtensionsTarget : FuzzTarget
{
    private const string Header = "Sec-WebSocket-Extensions";

    public override string Name => "extensions";

    public override int MaxLength => 512;

    public override IReadOnlyList<byte[]> Dictionary { get; } = Tokens(
        "permessage-deflate", "; ", ";", ", ", ",", "=", "\"", "\\", "\n", " ", "\t", "server_no_context_takeover", "client_no_context_takeover", "server_max_window_bits", "client_max_window_bits",
        "=15", "=8", "=16", "=\"10\"", "=\"1\\0\"", "=015", "x-webkit-deflate-frame", "permessage-deflate; client_max_window_bits, ");

    public override void Run(ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty)
        {
            return;
        }

        var wishes = input[0];
        var text = Encoding.Latin1.GetString(input[1..]);
        var lines = text.Split('\n').Select(line => new HttpHeader(Header, line)).ToArray();
        var options = new DeflateOptions { ServerNoContextTakeover = (wishes & 1) != 0, ClientNoContextTakeover = (wishes & 2) != 0 };
        var accepted = DeflateNegotiation.Accept(lines, options, out var answer);
        Promise.Holds(accepted is null == answer is null, "neither parameters nor an answer, or both");
        if (!text.Contains('"', StringComparison.Ordinal))
        {
            // RFC 9110 section 5.3: lines may be joined by commas; a quoted string that is cut in two may not.
            var joined = DeflateNegotiation.Accept([new HttpHeader(Header, text.Replace('\n', ','))], options, out var joinedAnswer);
            Promise.Holds(joined == accepted && joinedAnswer == answer, $"one line gives {joinedAnswer}, several {answer}");
        }

        if (accepted is not null)
        {
            CheckAnswer(accepted, answer!, options);
        }

        CheckClient(lines, wishes);
    }

    private static void CheckAnswer(DeflateParameters accepted, string answer, DeflateOptions options)
    {
        Promise.Holds(accepted.ServerMaxWindowBits == DeflateParameters.MaxWindowBits, "a window that cannot be kept");
        Promise.Holds(accepted.ClientMaxWindowBits is >= DeflateParameters.MinWindowBits and <= DeflateParameters.MaxWindowBits, $"a window of {accepted.ClientMaxWindowBits}");
        Promise.Holds((accepted.ServerNoContextTakeover || !options.ServerNoContextTakeover) && (accepted.ClientNoContextTakeover || !options.ClientNoContextTakeover), "a wish that was dropped");

        // An answer says all there is to say: offered, it comes back.
        var again = DeflateNegotiation.Accept([new HttpHeader(Header, answer)], options, out var answerAgain);
        Promise.Holds(again == accepted && answerAgain == answer, $"an answer that is no offer: {answer}, {answerAgain}");
        using var inflater = accepted.CreateInflater(Broker.Protocol.Session.WebSocketRole.Server);
    }

    private static void CheckClient(HttpHeader[] lines, byte wishes)
    {
        var offer = new DeflateParameters
        {
            ServerNoContextTakeover = (wishes & 4) != 0,
            ClientNoContextTakeover = (wishes & 8) != 0,
            ServerMaxWindowBits = 8 + (wishes >> 5),
        };
        var agreed = DeflateNegotiation.ReadAnswer(lines, offer);
        Promise.Holds(agreed is null || ((agreed.ServerNoContextTakeover || !offer.ServerNoContextTakeover) && agreed.ServerMaxWindowBits <= offer.ServerMaxWindowBits), "an answer to another offer");

        // The server here accepts the client's offer unless that asks for a window, and its answer is one to it.
        var server = DeflateNegotiation.Accept([new HttpHeader(Header, DeflateNegotiation.Offer(offer))], new DeflateOptions(), out var answer);
        Promise.Holds(server is not null == (offer.ServerMaxWindowBits == DeflateParameters.MaxWindowBits), "an offer judged wrongly");
        Promise.Holds(server is null || DeflateNegotiation.ReadAnswer([new HttpHeader(Header, answer!)], offer) is not null, "the own answer is refused");
    }
}
