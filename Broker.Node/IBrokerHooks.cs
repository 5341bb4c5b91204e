namespace Broker.Node;

/// <summary>
/// What the application decides about clients, beside tokens and rights. Registered by <c>services.AddSingleton&lt;IBrokerHooks, MyHooks&gt;()</c>;
/// where there are several, all are asked in the order of their registration, until one refuses. What is not implemented allows, and costs nothing.
/// </summary>
/// <remarks>
/// Called from many threads, for one connection one at a time: what the connection sends meanwhile waits, and is answered in order. A hook must not
/// block its thread. One that has not answered within <c>broker.hooks.timeout</c> counts as <c>unavailable</c>, one that throws or answers null as
/// <c>internal</c>, which tells the client nothing more; the node's log does. Publishes of <see cref="IBroker"/> ask nobody.
/// </remarks>
public interface IBrokerHooks
{
    /// <summary>
    /// A connection is about to get its user: at its opening where the handshake says who it is or it is anonymous, and with every <c>auth</c>, also one
    /// that renews a token. It has its welcome already, but nothing of what it asks is done before. Refused, it is told why and closed with 4003.
    /// </summary>
    /// <param name="request">Who it is.</param>
    /// <param name="cancellationToken">Nobody waits any longer.</param>
    ValueTask<ConnectAnswer> OnConnectAsync(HookRequest.Connect request, CancellationToken cancellationToken) => new(ConnectAnswer.Accept);

    /// <summary>A client that has the right to subscribes to a topic, or to a pattern: who allows that allows every topic that it matches. Refused, its request gets the error <c>forbidden</c>, with the reason as text.</summary>
    /// <param name="request">Who, and to what.</param>
    /// <param name="cancellationToken">Nobody waits any longer.</param>
    ValueTask<HookAnswer> OnSubscribeAsync(HookRequest.Subscribe request, CancellationToken cancellationToken) => new(HookAnswer.Allow);

    /// <summary>A client that has the right to publishes. Refused, its request gets the error <c>forbidden</c>, with the reason as text.</summary>
    /// <param name="request">Who, and what.</param>
    /// <param name="cancellationToken">Nobody waits any longer.</param>
    ValueTask<HookAnswer> OnPublishAsync(HookRequest.Publish request, CancellationToken cancellationToken) => new(HookAnswer.Allow);
}
