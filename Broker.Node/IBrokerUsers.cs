using System.Text.Json;
using Broker.Node.Configuration.Options;

namespace Broker.Node;

/// <summary>
/// What the application asks for a user, on whatever nodes the user's connections are. Thread-safe. A user is the subject of a token:
/// 1-255 bytes of UTF-8; whether the user is connected at all nobody asks. Everything is done in the order of the calls, and
/// <see cref="PublishResult.Published"/> says that every node with connections of the user has it or will have it, also where a node dies.
/// </summary>
public interface IBrokerUsers
{
    /// <summary>Publishes to the topic <c>$user</c> of a user's connections; what comes while there are none is kept as <c>broker.user-topic.history</c> says.</summary>
    /// <param name="user">The user.</param>
    /// <param name="data">As of <see cref="IBroker.PublishAsync(string, ReadOnlyMemory{byte}, CancellationToken)"/>.</param>
    /// <param name="cancellationToken">Ends the wait, not the publish.</param>
    Task<PublishResult> PublishAsync(string user, ReadOnlyMemory<byte> data, CancellationToken cancellationToken = default);

    /// <summary>As <see cref="PublishAsync(string, ReadOnlyMemory{byte}, CancellationToken)"/>, with a value to serialise.</summary>
    Task<PublishResult> PublishAsync<T>(string user, T value, JsonSerializerOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Closes all connections of a user: 4003 <c>disconnected</c>, for clients to stay away. Who comes all the same is let in.</summary>
    Task<PublishResult> DisconnectAsync(string user, CancellationToken cancellationToken = default);

    /// <summary>
    /// Whatever tokens a user has are worth nothing any more, those signed in the same second included: its connections are closed with
    /// 4003 <c>revoked</c>, and who comes with such a token is refused likewise. A token signed later is good. Known to the cluster for as
    /// long as a token may live (<c>broker.auth.max-life</c>), and as long as one of its nodes lives.
    /// </summary>
    Task<PublishResult> RevokeAsync(string user, CancellationToken cancellationToken = default);

    /// <summary>
    /// In place of the rights of whatever tokens a user has, now and on connections to come; subscriptions that are not allowed any more
    /// end. A token signed later has its own rights again. Known for as long as a revocation is.
    /// </summary>
    /// <exception cref="ArgumentException">A pattern is none.</exception>
    Task<PublishResult> ChangeRightsAsync(string user, RightsOptions rights, CancellationToken cancellationToken = default);

    /// <summary>Subscribes all connections that a user has now to a topic, whatever the user's rights; clients are told by <c>subscribed</c>.</summary>
    Task<PublishResult> SubscribeAsync(string user, string topic, CancellationToken cancellationToken = default);

    /// <summary>Ends the subscriptions of all connections of a user to a topic or pattern; clients are told by <c>unsubscribed</c>.</summary>
    Task<PublishResult> UnsubscribeAsync(string user, string topic, CancellationToken cancellationToken = default);
}
