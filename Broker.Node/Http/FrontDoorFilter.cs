namespace Broker.Node.Http;

/// <summary>Puts <see cref="UpgradeTakeBack"/>, <see cref="StreamTakeBack"/>, <see cref="ForwardedClient"/> and <see cref="ClientScript"/> before everything the application adds.</summary>
internal sealed class FrontDoorFilter : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.UseMiddleware<UpgradeTakeBack>();
        app.UseMiddleware<StreamTakeBack>();
        app.UseMiddleware<ForwardedClient>();
        app.UseMiddleware<ClientScript>();
        next(app);
    };
}
