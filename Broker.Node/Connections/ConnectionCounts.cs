using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace Broker.Node.Connections;

/// <summary>This node's connections per address and per user, each with its limit. Thread-safe.</summary>
internal sealed class ConnectionCounts(int perAddress, int perUser)
{
    private readonly LeaseTable<AddressKey> _addresses = new(perAddress);
    private readonly LeaseTable<string> _users = new(perUser);

    /// <summary>Addresses with a connection.</summary>
    public int Addresses => _addresses.Count;

    /// <summary>Users with a connection.</summary>
    public int Users => _users.Count;

    /// <remarks><paramref name="lease"/>: To be disposed when the connection ends.</remarks>
    public bool TryAdd(IPAddress address, [NotNullWhen(true)] out IDisposable? lease) => _addresses.TryAdd(AddressKey.Of(address), out lease);

    /// <remarks><paramref name="lease"/>: To be disposed when the connection ends.</remarks>
    public bool TryAdd(string user, [NotNullWhen(true)] out IDisposable? lease) => _users.TryAdd(user, out lease);
}
