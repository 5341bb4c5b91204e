using ArchUnitNET.Loader;
using Broker.Protocol.Wire;

namespace Broker.Tests.House;

/// <summary>What is free of Akka can be read from the leaves up: no type of <c>Broker.Protocol</c> needs one that needs it.</summary>
public sealed class CircleSpecs
{
    [Fact]
    public void Types_of_the_protocol_know_each_other_in_one_direction_only()
    {
        var protocol = new ArchLoader().LoadAssemblies(typeof(WireFormat).Assembly).Build();
        var known = (
            from type in protocol.Types
            from other in type.Dependencies.Select(static dependency => dependency.Target)
            let knows = Outermost(type.FullName)
            let isKnown = Outermost(other.FullName)
            where knows != isKnown && isKnown.StartsWith("Broker.Protocol.", StringComparison.Ordinal)
            select (knows, isKnown)).ToLookup(static arrow => arrow.knows, static arrow => arrow.isKnown);
        Assert.Contains("Broker.Protocol.Session.OpenMessage", known["Broker.Protocol.Session.WebSocketSession"]);
        var circles = known.Select(arrows => arrows.Key).Where(type => Reached(type, known).Contains(type));
        Assert.Equal("", string.Join("\n", circles.Order()));
    }

    /// <summary>What is nested in a type is part of it, also what the compiler makes.</summary>
    private static string Outermost(string name) => name.Split('+', '/')[0];

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
