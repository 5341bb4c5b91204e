using System.Text.Json;

namespace Broker.Node.Transports.Sessions;

/// <summary>Bodies of answers that are no messages.</summary>
internal static class SessionJson
{
    public static byte[] Error(string text) => JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, string> { ["error"] = text });
}
