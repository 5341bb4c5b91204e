using System.Reflection;
using System.Runtime.CompilerServices;
using Broker.Node;
using Broker.Node.Hosting;
using Broker.Node.Rooms;

namespace Broker.Tests.House;

/// <summary>What a class needs is handed to its constructor, and is not so much that nobody can see what the class does.</summary>
public sealed class ConstructorSpecs
{
    private const int MostParameters = 9;

    private static readonly Type[] Types = [.. typeof(IBroker).Assembly.GetTypes().Where(static type => !type.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false))];

    /// <summary>Settings are as many as they are; their records have no constructor to call.</summary>
    [Fact]
    public void A_constructor_has_at_most_nine_parameters()
    {
        var longest =
            from type in Types
            where type.Namespace != "Broker.Node.Configuration.Options"
            from constructor in type.GetConstructors(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
            where constructor.GetParameters().Length > MostParameters
            select $"{type.FullName}: {constructor.GetParameters().Length}";
        Assert.Equal("", string.Join("\n", longest.Order(StringComparer.Ordinal)));
    }

    /// <summary>But for those who make the rooms of the application's kinds, which ask for the application's services.</summary>
    [Fact]
    public void Nobody_keeps_a_service_provider()
    {
        var keepers =
            from type in Types
            from field in type.GetFields(BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
            where type != typeof(RoomServices) && type != typeof(RoomsModule)
            where typeof(IServiceProvider).IsAssignableFrom(field.FieldType)
            select $"{type.FullName}.{field.Name}";
        Assert.Equal("", string.Join("\n", keepers.Order(StringComparer.Ordinal)));
    }
}
