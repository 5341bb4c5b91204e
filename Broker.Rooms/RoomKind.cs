namespace Broker.Rooms;

/// <summary>A kind of rooms, as registered. Immutable; thread-safe as far as the factory is.</summary>
public sealed class RoomKind
{
    private readonly Func<IServiceProvider, Room> _factory;

    internal RoomKind(string name, Func<IServiceProvider, Room> factory, RoomOptions options) => (Name, _factory, Options) = (name, factory, options);

    public string Name { get; }

    internal RoomOptions Options { get; }

    internal Room Create(IServiceProvider services) => _factory(services) ?? throw new RoomException($"The factory of rooms of kind '{Name}' gave none.");
}
