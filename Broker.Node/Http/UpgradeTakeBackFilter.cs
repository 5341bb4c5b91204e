namespace Broker.Node.Http;

/// <summary>Puts <see cref="UpgradeTakeBack"/> before everything the application adds.</summary>
internal sealed class UpgradeTakeBackFilter : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.UseMiddleware<UpgradeTakeBack>();
        next(app);
    };
}
