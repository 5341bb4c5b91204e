namespace Broker.Tests.Support;

/// <summary>Paths of files that tests read where they lie, without a copy in the output directory.</summary>
internal static class SourceTree
{
    public static string Root { get; } = FindRoot();

    /// <summary>The JavaScript peers and their <c>node_modules</c>.</summary>
    public static string NodePeers { get; } = Path.Combine(Root, "Broker.Tests", "Clients", "node");

    /// <summary>The JavaScript client and its <c>node_modules</c>.</summary>
    public static string Client { get; } = Path.Combine(Root, "clients", "js");

    private static string FindRoot()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "Broker.sln")))
            {
                return directory.FullName;
            }
        }

        throw new DirectoryNotFoundException($"No Broker.sln above {AppContext.BaseDirectory}.");
    }
}
