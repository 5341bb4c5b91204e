using System.Reflection;
using System.Runtime.Loader;
using Broker.Node.Configuration;
using Broker.Node.Configuration.Options;
using Broker.Rooms;

namespace Broker.Node.Hosting;

/// <summary>Kinds of rooms from assemblies that the configuration names: the program runs games that it was not built with.</summary>
internal static class RoomAssemblies
{
    /// <summary>What sets the options of a kind, where its class has it.</summary>
    private const string Configure = "Configure";

    /// <exception cref="ConfigurationException">An entry cannot be loaded; the message has a line for each.</exception>
    public static void Add(RoomKinds kinds, IReadOnlyList<RoomKindOptions> entries)
    {
        List<string> errors = [];
        Dictionary<string, Assembly> loaded = new(StringComparer.Ordinal);
        for (var index = 0; index < entries.Count; index++)
        {
            try
            {
                Add(kinds, entries[index], loaded);
            }
            catch (Exception e) when (e is ArgumentException or IOException or BadImageFormatException or UnauthorizedAccessException or TypeLoadException or InvalidOperationException)
            {
                errors.Add($"broker.rooms.kinds.{index}: {e.Message}");
            }
        }

        if (errors.Count > 0)
        {
            throw new ConfigurationException(errors);
        }
    }

    private static void Add(RoomKinds kinds, RoomKindOptions entry, Dictionary<string, Assembly> loaded)
    {
        var path = Path.GetFullPath(entry.Assembly);
        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"There is no file {path}.");
        }

        if (!loaded.TryGetValue(path, out var assembly))
        {
            loaded.Add(path, assembly = new GameContext(path).LoadFromAssemblyPath(path));
        }

        var type = assembly.GetType(entry.Type) ?? throw new ArgumentException($"{path} has no class {entry.Type}.");
        var configure = type.GetMethod(Configure, BindingFlags.Public | BindingFlags.Static, [typeof(RoomOptions)]);
        kinds.Add(entry.Name, type, configure?.CreateDelegate<Action<RoomOptions>>());
    }

    /// <summary>What an assembly needs is taken from beside it, unless the node has it: both must mean the same class by <see cref="Room"/>.</summary>
    private sealed class GameContext(string path) : AssemblyLoadContext(Path.GetFileNameWithoutExtension(path))
    {
        private readonly AssemblyDependencyResolver _resolver = new(path);

        protected override Assembly? Load(AssemblyName assemblyName)
        {
            try
            {
                return Default.LoadFromAssemblyName(assemblyName);
            }
            catch (FileNotFoundException)
            {
                return _resolver.ResolveAssemblyToPath(assemblyName) is { } own ? LoadFromAssemblyPath(own) : null;
            }
        }
    }
}
