namespace Broker.Node.Http;

/// <summary>Puts <see cref="UpgradeTakeBack"/>, <see cref="StreamTakeBack"/> and <see cref="ForwardedClient"/> before everything the application adds.</summary>
internal sealed class UpgradeTakeBackFilter : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.UseMiddleware<UpgradeTakeBack>();
        app.UseMiddleware<StreamTakeBack>();
        app.UseMiddleware<ForwardedClient>();
        next(app);
    };
}
