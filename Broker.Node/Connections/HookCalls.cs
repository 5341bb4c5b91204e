using System.Diagnostics.CodeAnalysis;
using System.Text;
using Broker.Node.Auth;
using Broker.Node.Diagnostics;
using Broker.Node.Topics;
using Broker.Protocol.Wire;

namespace Broker.Node.Connections;

/// <summary>Asks the application's hooks, and makes a verdict of whatever they do. Thread-safe.</summary>
internal sealed class HookCalls
{
    private readonly IBrokerHooks[] _connect;
    private readonly IBrokerHooks[] _subscribe;
    private readonly IBrokerHooks[] _publish;
    private readonly TimeSpan _timeout;
    private readonly TimeProvider _time;
    private readonly ConnectionLog? _log;

    /// <param name="hooks">In the order in which they are asked.</param>
    /// <param name="timeout">How long each may take.</param>
    /// <param name="time">For that.</param>
    /// <param name="log">Has a line for what fails; null where there are no hooks.</param>
    public HookCalls(IReadOnlyCollection<IBrokerHooks> hooks, TimeSpan timeout, TimeProvider time, ConnectionLog? log)
    {
        (_timeout, _time, _log) = (timeout, time, log);
        _connect = Implementing(hooks, nameof(IBrokerHooks.OnConnectAsync));
        _subscribe = Implementing(hooks, nameof(IBrokerHooks.OnSubscribeAsync));
        _publish = Implementing(hooks, nameof(IBrokerHooks.OnPublishAsync));
    }

    /// <summary>An application without hooks.</summary>
    public static HookCalls None { get; } = new([], TimeSpan.Zero, TimeProvider.System, null);

    public bool Any => AsksConnect || AsksSubscribe || AsksPublish;

    /// <summary>Whether anybody has an opinion on connections; else they are not asked about.</summary>
    public bool AsksConnect => _connect.Length > 0;

    public bool AsksSubscribe => _subscribe.Length > 0;

    public bool AsksPublish => _publish.Length > 0;

    /// <param name="request">What is asked.</param>
    /// <param name="gone">The client has gone: nobody waits for the answer.</param>
    /// <returns>Does not fail, and comes at once where the application answers at once.</returns>
    public async ValueTask<HookVerdict> ConnectAsync(HookRequest.Connect request, CancellationToken gone)
    {
        var verdict = default(HookVerdict);
        foreach (var hook in _connect)
        {
            var (answer, error) = await AskAsync(hook, request, static (hook, request, cancellation) => hook.OnConnectAsync(request, cancellation), gone);
            if (answer is null)
            {
                return new HookVerdict(error);
            }

            if (answer.Reason is { } reason)
            {
                return new HookVerdict(ErrorCode.Forbidden, reason);
            }

            if (Wrong(answer, ref verdict) is { } wrong)
            {
                _log?.HookFailed(request.Remote, wrong);
                return new HookVerdict(ErrorCode.Internal);
            }
        }

        return verdict;
    }

    /// <inheritdoc cref="ConnectAsync"/>
    public ValueTask<HookVerdict> SubscribeAsync(HookRequest.Subscribe request, CancellationToken gone) =>
        AskAllAsync(_subscribe, request, static (hook, request, cancellation) => hook.OnSubscribeAsync(request, cancellation), gone);

    /// <inheritdoc cref="ConnectAsync"/>
    public ValueTask<HookVerdict> PublishAsync(HookRequest.Publish request, CancellationToken gone) =>
        AskAllAsync(_publish, request, static (hook, request, cancellation) => hook.OnPublishAsync(request, cancellation), gone);

    /// <summary>Those that have a method of their own, and not the interface's.</summary>
    private static IBrokerHooks[] Implementing(IReadOnlyCollection<IBrokerHooks> hooks, string method) => [.. hooks.Where(hook =>
    {
        var map = hook.GetType().GetInterfaceMap(typeof(IBrokerHooks));
        var index = Array.FindIndex(map.InterfaceMethods, declared => declared.Name == method);
        return map.TargetMethods[index].DeclaringType != typeof(IBrokerHooks);
    })];

    /// <summary>Takes over what an answer says.</summary>
    /// <returns>Why it cannot be taken; null: it was.</returns>
    [SuppressMessage("Design", "CA1031", Justification = "The JSON of an answer may be of a document that is closed, its lists may be null: whatever it throws is the answer's fault.")]
    private static Exception? Wrong(ConnectAnswer answer, ref HookVerdict verdict)
    {
        try
        {
            string? wrong = null;
            if (answer.Rights is { } options)
            {
                verdict = verdict with
                {
                    Rights = Rights.TryCreate(options, out var rights, out wrong)
                        ? rights
                        : throw new InvalidOperationException($"{nameof(ConnectAnswer)}.{nameof(answer.Rights)}.{wrong}"),
                };
            }

            if (answer.Info is { } element)
            {
                verdict = verdict with { Info = RightsClaim.ReadInfo(element, ref wrong) };
            }

            if (answer.Subscribe.Count > 0)
            {
                verdict = verdict with { Subscribe = [.. verdict.Subscribe ?? [], .. answer.Subscribe.Select(Encoding.UTF8.GetBytes)] };
                wrong ??= verdict.Subscribe.Any(static topic => !TopicName.IsValid(topic)) ? $"{nameof(answer.Subscribe)} has what is no topic" : null;
            }

            return wrong is null ? null : new InvalidOperationException($"{nameof(ConnectAnswer)}.{wrong}");
        }
        catch (Exception e)
        {
            return e;
        }
    }

    private async ValueTask<HookVerdict> AskAllAsync<T>(IBrokerHooks[] hooks, T request, Func<IBrokerHooks, T, CancellationToken, ValueTask<HookAnswer>> ask, CancellationToken gone)
        where T : HookRequest
    {
        foreach (var hook in hooks)
        {
            var (answer, error) = await AskAsync(hook, request, ask, gone);
            if (answer is null)
            {
                return new HookVerdict(error);
            }

            if (answer.Reason is { } reason)
            {
                return new HookVerdict(ErrorCode.Forbidden, reason);
            }
        }

        return default;
    }

    [SuppressMessage("Design", "CA1031", Justification = "Whatever the application throws, its client gets an answer.")]
    private async ValueTask<(TAnswer? Answer, ErrorCode Error)> AskAsync<T, TAnswer>(IBrokerHooks hook, T request, Func<IBrokerHooks, T, CancellationToken, ValueTask<TAnswer>> ask, CancellationToken gone)
        where T : HookRequest
        where TAnswer : class
    {
        // Nothing to dispose of: it has no timer. Its callbacks are the application's, and nobody waits for them.
        var over = new CancellationTokenSource();
        try
        {
            var asked = ask(hook, request, over.Token);
            if (asked.IsCompletedSuccessfully)
            {
                return (NotNull(asked.Result), ErrorCode.None);
            }

            var task = asked.AsTask();
            await ((Task)task).WaitAsync(_timeout, _time, gone).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (task.IsCompleted)
            {
                return (NotNull(await task), ErrorCode.None);
            }

            _ = over.CancelAsync();
            if (!gone.IsCancellationRequested)
            {
                _log?.HookTimedOut(request.Remote);
            }

            return (null, ErrorCode.Unavailable);
        }
        catch (Exception e)
        {
            _log?.HookFailed(request.Remote, e);
            return (null, ErrorCode.Internal);
        }

        static TAnswer NotNull(TAnswer? answer) => answer ?? throw new InvalidOperationException("the answer is null");
    }
}

/// <summary>What has become of a question to the application.</summary>
/// <param name="Error">Why it is not allowed; none: it is.</param>
/// <param name="Reason">The application's own words where it refused.</param>
internal readonly record struct HookVerdict(ErrorCode Error, string? Reason = null)
{
    /// <summary>Of a connection, in place of those it had; null: those stay.</summary>
    public Rights? Rights { get; init; }

    /// <summary>Of a connection, topics that it is to have; null: none.</summary>
    public IReadOnlyList<byte[]>? Subscribe { get; init; }

    /// <summary>Of a connection, in place of the one it had, as JSON; empty: that stays.</summary>
    public ReadOnlyMemory<byte> Info { get; init; }
}
