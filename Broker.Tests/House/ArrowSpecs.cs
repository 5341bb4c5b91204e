using System.Text.RegularExpressions;
using ArchUnitNET.Loader;
using Broker.Node;
using Broker.Protocol.Wire;
using Broker.Tests.Support;

namespace Broker.Tests.House;

/// <summary>Folders are namespaces, what stands on a line knows only what stands on lines below it, and names of specs can be read aloud.</summary>
public sealed partial class ArrowSpecs
{
    private const int LongestName = 80;

    /// <summary>From the top. Broker.Node itself is the program, its public types and <c>AddBroker</c>.</summary>
    private static readonly string[] Lines =
    [
        "Hosting", "Api", "Http", "Transports.Sse", "Transports.LongPoll", "Transports.Sessions", "Transports.Echo", "Transports.WebSocket", "Listening", "Connections", "Rooms", "Ownership", "Lanes", "Sequenced", "Delivery", "Membership", "Links",
        "Auth", "Topics", "Diagnostics", "Configuration",
    ];

    [Fact]
    public void A_type_knows_only_what_stands_below_its_line()
    {
        var node = new ArchLoader().LoadAssemblies(typeof(IBroker).Assembly, typeof(WireFormat).Assembly).Build();
        var arrows =
            from type in node.Types
            from other in type.Dependencies.Select(static dependency => dependency.Target).Distinct()
            where IsUpward(type.Namespace?.FullName, other.Namespace?.FullName)
            select $"{type.FullName} -> {other.FullName}";
        Assert.Equal("", string.Join("\n", arrows.Distinct().Order()));
    }

    /// <summary>What the compiler leaves out of an assembly counts too: constants, and what comments refer to.</summary>
    [Fact]
    public void A_file_uses_only_namespaces_below_its_line()
    {
        List<string> arrows = [];
        foreach (var folder in Lines.Select(static line => Path.Combine(SourceTree.Root, "Broker.Node", line.Replace('.', Path.DirectorySeparatorChar))))
        {
            foreach (var file in Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories))
            {
                var text = File.ReadAllText(file);
                var from = Declaration().Match(text).Groups[1].Value;
                Assert.Equal("Broker.Node." + Path.GetRelativePath(Path.Combine(SourceTree.Root, "Broker.Node"), Path.GetDirectoryName(file)!).Replace(Path.DirectorySeparatorChar, '.'), from);
                arrows.AddRange(Using().Matches(text).Select(static match => match.Groups[1].Value).Where(to => IsUpward(from, to)).Select(to => $"{file} -> {to}"));
            }
        }

        Assert.Equal("", string.Join("\n", arrows));
    }

    /// <summary>A connection's actor, its session and the lanes serve clients of any transport.</summary>
    [Fact]
    public void Only_transports_of_WebSocket_and_what_they_deliver_from_know_frames()
    {
        var node = new ArchLoader().LoadAssemblies(typeof(IBroker).Assembly, typeof(WireFormat).Assembly).Build();
        var arrows =
            from type in node.Types
            from other in type.Dependencies.Select(static dependency => dependency.Target).Distinct()
            where IsFraming(other.Namespace?.FullName) && !MayKnowFrames(type.Namespace?.FullName)
            select $"{type.FullName} -> {other.FullName}";
        var usings =
            from file in Directory.EnumerateFiles(Path.Combine(SourceTree.Root, "Broker.Node"), "*.cs", SearchOption.AllDirectories)
            let text = File.ReadAllText(file)
            where !MayKnowFrames(Declaration().Match(text).Groups[1].Value)
            from used in UsingProtocol().Matches(text).Select(static match => match.Groups[1].Value)
            where IsFraming(used)
            select $"{file} -> {used}";
        Assert.Equal("", string.Join("\n", arrows.Concat(usings).Distinct().Order()));
    }

    /// <summary>A sentence that needs more says more than one thing. A theory is a fact too.</summary>
    [Fact]
    public void Name_of_a_spec_has_at_most_80_characters()
    {
        var names =
            from type in typeof(ArrowSpecs).Assembly.GetTypes()
            from method in type.GetMethods()
            where method.IsDefined(typeof(FactAttribute), inherit: false) && method.Name.Length > LongestName
            select $"{method.DeclaringType!.Name}.{method.Name}";
        Assert.Equal("", string.Join("\n", names.Distinct()));
    }

    private static bool IsFraming(string? name) => name is "Broker.Protocol.Frames" or "Broker.Protocol.Session";

    private static bool MayKnowFrames(string? name) =>
        name is "Broker.Node.Transports.WebSocket" or "Broker.Node.Transports.Echo" or "Broker.Node.Delivery" || name?.StartsWith("Broker.Node", StringComparison.Ordinal) != true;

    private static bool IsUpward(string? from, string? to) => LineOf(to) is >= 0 and var above && above < LineOf(from);

    private static int LineOf(string? name)
    {
        const string Root = "Broker.Node.";
        return name?.StartsWith(Root, StringComparison.Ordinal) == true
            ? Array.FindIndex(Lines, line => (name + ".").AsSpan(Root.Length).StartsWith(line + ".", StringComparison.Ordinal))
            : -1;
    }

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Declaration();

    [GeneratedRegex(@"^using (?:static |\w+ = )?(Broker\.Node[\w.]*);", RegexOptions.Multiline)]
    private static partial Regex Using();

    [GeneratedRegex(@"^using (?:static |\w+ = )?(Broker\.Protocol[\w.]*);", RegexOptions.Multiline)]
    private static partial Regex UsingProtocol();
}
