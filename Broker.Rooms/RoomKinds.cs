using System.Diagnostics.CodeAnalysis;
using System.Reflection;

namespace Broker.Rooms;

/// <summary>The kinds of rooms that a node can run. Filled at the start, by one thread, and only read afterwards.</summary>
public sealed class RoomKinds
{
    private readonly Dictionary<string, RoomKind> _kinds = new(StringComparer.Ordinal);

    /// <summary>In the order of being added.</summary>
    public IReadOnlyCollection<RoomKind> All => _kinds.Values;

    /// <summary>Adds a kind whose rooms are made by their one public constructor; what that asks for comes from the application's services.</summary>
    /// <param name="name">What clients call it: letters, digits, <c>_ : @ -</c>, at most <see cref="RoomLimits.KindName"/> characters.</param>
    /// <param name="configure">Changes the defaults.</param>
    /// <exception cref="ArgumentException">The name, a setting or the class will not do, or the kind is there already; the message says which.</exception>
    public RoomKinds Add<TRoom>(string name, Action<RoomOptions>? configure = null)
        where TRoom : Room => Add(name, typeof(TRoom), configure);

    /// <summary>As <see cref="Add{TRoom}"/>, of a class that is known only when the node runs.</summary>
    /// <param name="room">A <see cref="Room"/>.</param>
    public RoomKinds Add(string name, Type room, Action<RoomOptions>? configure = null)
    {
        var constructors = (room ?? throw new ArgumentNullException(nameof(room))).GetConstructors();
        if (room.IsAbstract || constructors.Length != 1 || !typeof(Room).IsAssignableFrom(room))
        {
            throw new ArgumentException($"{room} must be a {nameof(Room)} with one public constructor and not abstract; or give a factory.", nameof(room));
        }

        var constructor = constructors[0];
        return Add(name, services => Create(constructor, services), configure);
    }

    /// <summary>Adds a kind whose rooms are made by a factory: for what the other <c>Add</c> cannot make, and where reflection is not to be had.</summary>
    /// <param name="factory">Gets the application's services; a new room each time.</param>
    public RoomKinds Add(string name, Func<IServiceProvider, Room> factory, Action<RoomOptions>? configure = null)
    {
        if (!IsName(name))
        {
            throw new ArgumentException($"'{name}' is no name of a kind: 1 to {RoomLimits.KindName} of letters, digits, _ : @ and -.", nameof(name));
        }

        var options = new RoomOptions();
        configure?.Invoke(options);
        var kind = new RoomKind(name, factory ?? throw new ArgumentNullException(nameof(factory)), options.Checked(name));
        return _kinds.TryAdd(name, kind) ? this : throw new ArgumentException($"There is a kind '{name}' already.", nameof(name));
    }

    public bool TryGet(string name, [NotNullWhen(true)] out RoomKind? kind) => _kinds.TryGetValue(name, out kind);

    /// <summary>One token of a topic's name: the list of a kind's rooms is a topic.</summary>
    internal static bool IsName([NotNullWhen(true)] string? name)
    {
        if (name is null || name.Length is < 1 or > RoomLimits.KindName)
        {
            return false;
        }

        foreach (var one in name)
        {
            if (one is not ((>= 'A' and <= 'Z') or (>= 'a' and <= 'z') or (>= '0' and <= '9') or '_' or ':' or '@' or '-'))
            {
                return false;
            }
        }

        return true;
    }

    private static Room Create(ConstructorInfo constructor, IServiceProvider services)
    {
        var parameters = constructor.GetParameters();
        var values = new object[parameters.Length];
        for (var index = 0; index < parameters.Length; index++)
        {
            var type = parameters[index].ParameterType;
            values[index] = services.GetService(type) ?? throw new RoomException($"{constructor.DeclaringType} asks for {type}, which is no service of the application.");
        }

        return (Room)constructor.Invoke(BindingFlags.DoNotWrapExceptions, null, values, null);
    }
}
