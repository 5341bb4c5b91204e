using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

namespace Broker.Node.Configuration.Options;

/// <summary>An entry of <c>broker.listen.proxy.trusted</c>.</summary>
internal static class ProxyNetwork
{
    /// <summary>An address, or a network in CIDR notation that is not all addresses there are.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out IPNetwork? network)
    {
        network = IPNetwork.TryParse(text, out var parsed) ? parsed.PrefixLength > 0 ? parsed : null
            : IsWrittenInFull(text) && IPAddress.TryParse(text, out var address) ? new IPNetwork(address, address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128)
            : null;
        return network is not null;
    }

    /// <summary>The parser of .NET takes "10" and "0x7f.1" for addresses as well.</summary>
    public static bool IsWrittenInFull(ReadOnlySpan<char> address) => address.Contains(':') || address.Count('.') == 3;
}
