namespace Broker.Node.Http;

/// <summary>Puts <see cref="ClientRequests"/> before everything the application adds.</summary>
internal sealed class ClientRequestsFilter : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.UseMiddleware<ClientRequests>();
        next(app);
    };
}
