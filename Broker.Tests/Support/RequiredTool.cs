using System.Diagnostics.CodeAnalysis;

namespace Broker.Tests.Support;

/// <summary>
/// Programs that tests with real peers need. Where one is missing the test is skipped, so that the tests pass on a machine
/// with nothing but the SDK; with <c>BROKER_TESTS_REQUIRE_CLIENTS=1</c> (as in CI) it fails instead.
/// </summary>
internal static class RequiredTool
{
    private const string Require = "BROKER_TESTS_REQUIRE_CLIENTS";

    // nginx is installed where only root's PATH looks.
    private static readonly string[] MoreDirectories = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

    /// <summary>Full path of the first of <paramref name="names"/> that is installed.</summary>
    public static string Find(params string[] names) => TryFind(names) ?? Missing($"{string.Join(" or ", names)} is not installed");

    /// <summary>The test needs root, for networks of its own.</summary>
    public static void Root()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            Missing("this user is not root");
        }
    }

    public static string Chromium() => Find("chromium", "chromium-browser", "google-chrome");

    /// <summary>Full path of Node.js, once the packages of the JavaScript peers, or of another folder, are installed too.</summary>
    public static string NodeWithPackages(string? folder = null)
    {
        folder ??= SourceTree.NodePeers;
        var node = Find("node");
        return Directory.Exists(Path.Combine(folder, "node_modules", "ws"))
            ? node
            : Missing($"JavaScript packages are not installed: npm ci --prefix {Path.GetRelativePath(SourceTree.Root, folder)}");
    }

    private static string? TryFind(string[] names)
    {
        var directories = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return names
            .SelectMany(name => directories.Concat(MoreDirectories).Select(directory => Path.Combine(directory, name)))
            .FirstOrDefault(File.Exists);
    }

    [DoesNotReturn]
    private static string Missing(string what)
    {
        if (Environment.GetEnvironmentVariable(Require) == "1")
        {
            Assert.Fail($"{what}, and {Require}=1 does not let this test be skipped.");
        }

        Assert.Skip($"{what}.");
        throw new InvalidOperationException("Assert.Skip returned.");
    }
}
