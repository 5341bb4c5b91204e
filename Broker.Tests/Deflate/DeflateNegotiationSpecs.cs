using Broker.Protocol.Deflate;
using Broker.Protocol.Http;
using CsCheck;

namespace Broker.Tests.Deflate;

public sealed class DeflateNegotiationSpecs
{
    private static readonly DeflateOptions Takeover = new();
    private static readonly DeflateOptions NoTakeover = new() { ServerNoContextTakeover = true, ClientNoContextTakeover = true };

    private static List<HttpHeader> Lines(params string[] lines) => [.. lines.Select(line => new HttpHeader("Sec-WebSocket-Extensions", line))];

    private static string? Answer(DeflateOptions options, params string[] lines)
    {
        var parameters = DeflateNegotiation.Accept(Lines(lines), options, out var answer);
        Assert.Equal(parameters is null, answer is null);
        return answer;
    }

    [Theory]
    [InlineData("permessage-deflate", "permessage-deflate")]
    [InlineData("permessage-deflate; client_max_window_bits", "permessage-deflate")]
    [InlineData("permessage-deflate;client_max_window_bits=15", "permessage-deflate; client_max_window_bits=15")]
    [InlineData("permessage-deflate; client_max_window_bits=8", "permessage-deflate; client_max_window_bits=8")]
    [InlineData("permessage-deflate; client_max_window_bits=\"10\"", "permessage-deflate; client_max_window_bits=10")]
    [InlineData("permessage-deflate; client_max_window_bits=\"1\\0\"", "permessage-deflate; client_max_window_bits=10")]
    [InlineData("permessage-deflate; server_max_window_bits=15", "permessage-deflate; server_max_window_bits=15")]
    [InlineData("permessage-deflate; server_no_context_takeover", "permessage-deflate; server_no_context_takeover")]
    [InlineData("permessage-deflate; client_no_context_takeover", "permessage-deflate; client_no_context_takeover")]
    [InlineData(" ,, permessage-deflate ;\tclient_max_window_bits = 9 ; server_no_context_takeover ,", "permessage-deflate; server_no_context_takeover; client_max_window_bits=9")]
    [InlineData("x-other; a=b, permessage-deflate", "permessage-deflate")]
    [InlineData("permessage-deflate; server_max_window_bits=10, permessage-deflate; client_max_window_bits", "permessage-deflate")]
    [InlineData("permessage-deflate; server_no_context_takeover, permessage-deflate", "permessage-deflate; server_no_context_takeover")]
    public void First_offer_that_can_be_kept_is_answered(string offers, string answer) => Assert.Equal(answer, Answer(Takeover, offers));

    [Theory]
    [InlineData("x-webkit-deflate-frame")]
    [InlineData("permessage-bzip2")]
    [InlineData("Permessage-Deflate")]
    [InlineData("permessage-deflate; server_max_window_bits")]
    [InlineData("permessage-deflate; server_max_window_bits=7")]
    [InlineData("permessage-deflate; server_max_window_bits=16")]
    [InlineData("permessage-deflate; server_max_window_bits=08")]
    [InlineData("permessage-deflate; server_max_window_bits=\"10\"")]
    [InlineData("permessage-deflate; server_max_window_bits=")]
    [InlineData("permessage-deflate; server_max_window_bits=+15")]
    [InlineData("permessage-deflate; server_max_window_bits=015")]
    [InlineData("permessage-deflate; server_max_window_bits=1５")]
    [InlineData("permessage-deflate; client_max_window_bits=7")]
    [InlineData("permessage-deflate; client_max_window_bits=16")]
    [InlineData("permessage-deflate; client_max_window_bits=")]
    [InlineData("permessage-deflate; client_max_window_bits=\"\"")]
    [InlineData("permessage-deflate; client_max_window_bits=\"15")]
    [InlineData("permessage-deflate; client_max_window_bits=\" 15\"")]
    [InlineData("permessage-deflate; server_no_context_takeover=true")]
    [InlineData("permessage-deflate; client_no_context_takeover=1")]
    [InlineData("permessage-deflate; server_no_context_takeover; server_no_context_takeover")]
    [InlineData("permessage-deflate; client_no_context_takeover; client_no_context_takeover")]
    [InlineData("permessage-deflate; client_max_window_bits; client_max_window_bits=15")]
    [InlineData("permessage-deflate; server_max_window_bits=15; server_max_window_bits=15")]
    [InlineData("permessage-deflate; unknown")]
    [InlineData("permessage-deflate; client_max_window_bits; unknown=15")]
    [InlineData("permessage-deflate;")]
    [InlineData("permessage-deflate; ; client_max_window_bits")]
    [InlineData("permessage-deflate client_max_window_bits")]
    [InlineData("permessage-deflate = 1")]
    [InlineData("; permessage-deflate")]
    [InlineData("\"permessage-deflate\"")]
    [InlineData("")]
    [InlineData(",")]
    public void Offer_that_cannot_be_kept_is_declined_and_the_next_one_tried(string offer)
    {
        Assert.Null(Answer(Takeover, offer));
        Assert.Equal("permessage-deflate", Answer(Takeover, offer, "permessage-deflate"));
        Assert.Equal(offer.Count(static c => c == '"') % 2 == 0 ? "permessage-deflate" : null, Answer(Takeover, offer + ", permessage-deflate"));
    }

    [Theory]
    [InlineData(9)]
    [InlineData(12)]
    [InlineData(14)]
    public void Window_the_server_could_not_keep_to_is_declined(int bits) => Assert.Null(Answer(Takeover, $"permessage-deflate; server_max_window_bits={bits}"));

    [Fact]
    public void Comma_inside_quotes_ends_no_element()
    {
        Assert.Null(Answer(Takeover, "x; a=\"1, permessage-deflate\""));
        Assert.Equal("permessage-deflate", Answer(Takeover, "x; a=\"1, permessage-deflate; b\", permessage-deflate"));
    }

    [Fact]
    public void Two_hundred_offers_are_looked_through_once()
    {
        var bad = string.Join(", ", Enumerable.Repeat("permessage-deflate; server_max_window_bits=9", 199));
        Assert.Null(Answer(Takeover, bad));
        Assert.Equal("permessage-deflate", Answer(Takeover, bad + ", permessage-deflate"));
        Assert.Equal("permessage-deflate", Answer(Takeover, [.. Enumerable.Repeat("permessage-deflate; x", 199), "permessage-deflate"]));
    }

    [Theory]
    [InlineData("permessage-deflate")]
    [InlineData("permessage-deflate; client_no_context_takeover; server_no_context_takeover")]
    public void Server_without_contexts_says_so_whether_or_not_it_was_asked(string offer)
    {
        Assert.Equal("permessage-deflate; server_no_context_takeover; client_no_context_takeover", Answer(NoTakeover, offer));
        var parameters = DeflateNegotiation.Accept(Lines(offer), NoTakeover, out _)!;
        Assert.True(parameters is { ServerNoContextTakeover: true, ClientNoContextTakeover: true, ClientMaxWindowBits: 15 });
    }

    [Fact]
    public void Any_line_is_read_to_its_end() =>
        Gen.OneOf(Gen.Char[' ', '~'].Array[0, 60].Select(chars => new string(chars)), Gen.OneOf("permessage-deflate", ";", ",", "=", "\"", "\\", " ", "client_max_window_bits", "server_max_window_bits", "15", "9").Array[0, 12].Select(string.Concat))
            .Sample(line =>
            {
                if (Answer(Takeover, line) is { } answer)
                {
                    Assert.Contains("permessage-deflate", line, StringComparison.Ordinal);
                    Assert.StartsWith("permessage-deflate", answer, StringComparison.Ordinal);
                }
            });

    [Theory]
    [InlineData(false, false, 15, "permessage-deflate")]
    [InlineData(true, true, 15, "permessage-deflate; server_no_context_takeover; client_no_context_takeover")]
    [InlineData(false, false, 10, "permessage-deflate; server_max_window_bits=10")]
    public void Client_offers_what_it_wants_of_the_server(bool server, bool client, int bits, string offer) =>
        Assert.Equal(offer, DeflateNegotiation.Offer(new DeflateParameters { ServerNoContextTakeover = server, ClientNoContextTakeover = client, ServerMaxWindowBits = bits }));

    [Theory]
    [InlineData("permessage-deflate", true)]
    [InlineData("permessage-deflate; client_no_context_takeover", true)]
    [InlineData("permessage-deflate; server_no_context_takeover; server_max_window_bits=8", true)]
    [InlineData("permessage-deflate; client_max_window_bits=15", false)]
    [InlineData("permessage-deflate; client_max_window_bits", false)]
    [InlineData("permessage-deflate; server_max_window_bits", false)]
    [InlineData("permessage-deflate; unknown", false)]
    [InlineData("permessage-deflate, permessage-deflate", false)]
    [InlineData("x-other", false)]
    [InlineData("permessage-deflate, x-other", false)]
    [InlineData("", false)]
    public void Client_takes_an_answer_to_its_offer_only(string answer, bool taken) =>
        Assert.Equal(taken, DeflateNegotiation.ReadAnswer(Lines(answer), new DeflateParameters()) is not null);

    [Fact]
    public void What_the_client_asked_of_the_server_must_be_answered()
    {
        var offer = new DeflateParameters { ServerNoContextTakeover = true, ServerMaxWindowBits = 10 };
        Assert.Null(DeflateNegotiation.ReadAnswer(Lines("permessage-deflate"), offer));
        Assert.Null(DeflateNegotiation.ReadAnswer(Lines("permessage-deflate; server_no_context_takeover"), offer));
        Assert.Null(DeflateNegotiation.ReadAnswer(Lines("permessage-deflate; server_no_context_takeover; server_max_window_bits=11"), offer));
        Assert.Equal(9, DeflateNegotiation.ReadAnswer(Lines("permessage-deflate; server_no_context_takeover; server_max_window_bits=9"), offer)!.ServerMaxWindowBits);
    }

    [Fact]
    public void Long_line_costs_in_proportion_to_its_length()
    {
        var line = string.Concat(Enumerable.Repeat("permessage-deflate; \"", 3000));
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        Assert.Null(Answer(Takeover, line));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - allocated, 0, 60L * line.Length);
    }
}
