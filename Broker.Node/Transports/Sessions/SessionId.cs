using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;

namespace Broker.Node.Transports.Sessions;

/// <summary>Names of what one node keeps for a client, which any node can find by them: the node's uid, a dash, and 128 random bits.</summary>
internal static class SessionId
{
    private const int Node = 8;
    private const int RandomBytes = 16;

    /// <summary>Characters.</summary>
    public static readonly int Length = Node + 1 + Base64Url.GetEncodedLength(RandomBytes);

    public static string New(uint node)
    {
        Span<byte> random = stackalloc byte[RandomBytes];
        RandomNumberGenerator.Fill(random);
        return string.Create(CultureInfo.InvariantCulture, $"{node:x8}-{Base64Url.EncodeToString(random)}");
    }

    /// <summary>Whose it is. False: it is none.</summary>
    public static bool TryReadNode(string id, out uint node)
    {
        node = 0;
        return id.Length == Length && id[Node] == '-' && Base64Url.IsValid(id.AsSpan(Node + 1))
            && uint.TryParse(id.AsSpan(0, Node), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out node);
    }
}
