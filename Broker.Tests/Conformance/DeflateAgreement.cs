using System.Globalization;

namespace Broker.Tests.Conformance;

/// <summary>The parameters of one offer of permessage-deflate, or of its answer (RFC 7692 section 7.1).</summary>
/// <param name="ServerBits">null: not there.</param>
/// <param name="ClientBits">null: not there; 0: without a value.</param>
internal sealed record DeflateAgreement(bool ServerAnew, bool ClientAnew, int? ServerBits, int? ClientBits)
{
    private const string Name = "permessage-deflate";

    /// <param name="offer">What the client offered; null: nothing.</param>
    /// <param name="answer">What the server answered; null: nothing.</param>
    /// <param name="agreement">null: no extension.</param>
    /// <returns>What is wrong with the answer; null: nothing.</returns>
    public static string? Read(string? offer, string? answer, out DeflateAgreement? agreement)
    {
        agreement = null;
        if (answer is null)
        {
            return null;
        }

        if (Parse(answer) is not { } parsed || parsed is { ServerBits: 0 } or { ClientBits: 0 })
        {
            return $"the answer \"{answer}\" is none of permessage-deflate";
        }

        agreement = parsed;
        return offer is not null && offer.Split(',').Any(one => Parse(one) is { } offered && parsed.Fits(offered))
            ? null
            : $"the answer \"{answer}\" fits no offer of \"{offer}\"";
    }

    // Sections 7.1.1 and 7.1.2: what the client demands must be in the answer, what it did not offer must not.
    private bool Fits(DeflateAgreement offer) =>
        (ServerAnew || !offer.ServerAnew)
        && (offer.ServerBits is null || ServerBits <= offer.ServerBits)
        && (ClientBits is null || (offer.ClientBits is { } most && (most == 0 || ClientBits <= most)));

    private static DeflateAgreement? Parse(string text)
    {
        var parts = text.Split(';', StringSplitOptions.TrimEntries);
        var names = parts.Skip(1).Select(static part => part.Split('=')[0]).ToArray();
        if (parts[0] != Name || names.Distinct().Count() != names.Length)
        {
            return null;
        }

        var read = new DeflateAgreement(false, false, null, null);
        foreach (var part in parts.Skip(1))
        {
            var value = part.Split('=') is [_, var digits] ? digits : null;
            int? bits = value is null ? 0 : int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is >= 8 and <= 15 && value[0] != '0' ? number : null;
            if (bits is null)
            {
                return null;
            }

            switch (part.Split('=')[0])
            {
                case "server_no_context_takeover" when bits == 0:
                    read = read with { ServerAnew = true };
                    break;
                case "client_no_context_takeover" when bits == 0:
                    read = read with { ClientAnew = true };
                    break;
                case "server_max_window_bits":
                    read = read with { ServerBits = bits };
                    break;
                case "client_max_window_bits":
                    read = read with { ClientBits = bits };
                    break;
                default:
                    return null;
            }
        }

        return read;
    }
}
