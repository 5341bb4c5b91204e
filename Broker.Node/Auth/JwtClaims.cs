using System.Text.Json;

namespace Broker.Node.Auth;

/// <summary>The claims of a token whose signature is good.</summary>
/// <remarks><paramref name="Rights"/>: The rights claim as it stands; null: absent. Lives as long as the payload's document.</remarks>
internal readonly record struct JwtClaims(string User, DateTimeOffset Expires, JsonElement? Rights);
