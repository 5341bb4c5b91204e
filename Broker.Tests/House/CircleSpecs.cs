using System.Reflection;
using ArchUnitNET.Loader;
using Broker.Node;
using Broker.Protocol.Wire;

namespace Broker.Tests.House;

/// <summary>Types that need each other are read together or not at all: such circles are small.</summary>
public sealed class CircleSpecs
{
    /// <summary>One type of each larger circle, whose remarks say why it is one.</summary>
    private static readonly string[] Explained = ["Broker.Node.Transports.WebSocket.ClientConnection"];

    /// <summary>What is free of Akka can be read from the leaves up.</summary>
    [Fact]
    public void Types_of_the_protocol_know_each_other_in_one_direction_only()
    {
        var known = Known(typeof(WireFormat).Assembly, "Broker.Protocol.");
        Assert.Contains("Broker.Protocol.Session.OpenMessage", known["Broker.Protocol.Session.WebSocketSession"]);
        Assert.Equal("", string.Join("\n", Circles(known, largest: 1)));
    }

    [Fact]
    public void Circle_of_types_in_the_node_has_three_at_most_or_says_why()
    {
        var known = Known(typeof(IBroker).Assembly, "Broker.Node.");
        var large = Circles(known, largest: 3);
        Assert.Equal("", string.Join("\n", large.Where(static circle => !Explained.Any(circle.Split(' ').Contains))));
        Assert.All(Explained, type => Assert.Contains(large, circle => circle.Split(' ').Contains(type)));
        Assert.Contains(Circles(known, largest: 1), static circle => circle.Contains("Broker.Node.Delivery.Subscription", StringComparison.Ordinal));
    }

    private static ILookup<string, string> Known(Assembly assembly, string prefix) => (
        from type in new ArchLoader().LoadAssemblies(assembly).Build().Types
        from other in type.Dependencies.Select(static dependency => dependency.Target)
        let knows = Outermost(type.FullName)
        let isKnown = Outermost(other.FullName)
        where knows != isKnown && knows.StartsWith(prefix, StringComparison.Ordinal) && isKnown.StartsWith(prefix, StringComparison.Ordinal)
        select (knows, isKnown)).Distinct().ToLookup(static arrow => arrow.knows, static arrow => arrow.isKnown);

    /// <summary>What is nested in a type is part of it, also what the compiler makes.</summary>
    private static string Outermost(string name) => name.Split('+', '/')[0];

    /// <summary>Types each of which needs all others, one line for those that are more than so many.</summary>
    private static List<string> Circles(ILookup<string, string> known, int largest)
    {
        var reached = known.ToDictionary(static arrows => arrows.Key, arrows => Reached(arrows.Key, known));
        return [.. reached.Keys
            .Where(type => reached[type].Contains(type))
            .Select(type => reached[type].Where(other => reached.TryGetValue(other, out var back) && back.Contains(type)).Order().ToArray())
            .Where(circle => circle.Length > largest)
            .Select(static circle => string.Join(' ', circle))
            .Distinct()
            .Order()];
    }

    private static HashSet<string> Reached(string start, ILookup<string, string> known)
    {
        HashSet<string> reached = [];
        Stack<string> open = new(known[start]);
        while (open.TryPop(out var type))
        {
            if (reached.Add(type))
            {
                foreach (var next in known[type])
                {
                    open.Push(next);
                }
            }
        }

        return reached;
    }
}
