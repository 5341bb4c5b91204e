using Broker.Node.Topics;
using Broker.Protocol.Wire;

namespace Broker.Node.Auth;

/// <summary>The outcome of checking a <c>subscribe.token</c>.</summary>
/// <param name="Pattern">The one topic or pattern it grants; set exactly when <paramref name="Error"/> is <see cref="ErrorCode.None"/>.</param>
/// <param name="Expires">The token's <c>exp</c>, without skew.</param>
/// <param name="Error">As in <see cref="AuthResult"/>.</param>
internal readonly record struct GrantResult(TopicPattern? Pattern, DateTimeOffset Expires, ErrorCode Error);
