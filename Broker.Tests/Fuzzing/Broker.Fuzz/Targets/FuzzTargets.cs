using Broker.Fuzz.Engine;

namespace Broker.Fuzz.Targets;

/// <summary>The targets by name. Each call makes new ones.</summary>
internal static class FuzzTargets
{
    /// <summary>All that are real.</summary>
    public static IReadOnlyList<FuzzTarget> All =>
    [
        new RequestHeadTarget(),
        new ResponseHeadTarget(),
        new FrameHeaderTarget(),
        new SessionTarget(),
        new AssemblerTarget(),
        new Utf8Target(),
        new ExtensionsTarget(),
        new InflateTarget(),
        new JsonTarget(),
        new MessagePackTarget(),
        new TopicTarget(),
        new HoconTarget(),
        new TokenTarget(),
    ];

    /// <summary>Also those that are there to be found.</summary>
    public static FuzzTarget? Find(string name) => All.Concat(PlantedBug.All).FirstOrDefault(target => target.Name == name);
}
