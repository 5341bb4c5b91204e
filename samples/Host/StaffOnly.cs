using Broker.Node;

namespace Host;

/// <summary>Rights come from appsettings.json; this knows better about one topic.</summary>
internal sealed class StaffOnly : IBrokerHooks
{
    public ValueTask<HookAnswer> OnSubscribeAsync(HookRequest.Subscribe request, CancellationToken cancellationToken) =>
        new(request.Topic == "staff" && request.User != "admin" ? HookAnswer.Refuse("staff only") : HookAnswer.Allow);
}
