using Broker.Protocol.Wire;

namespace Broker.Node.Topics;

/// <summary>Makes the texts of a publish harmless for who shows them. Thread-safe; does not throw for what clients send.</summary>
internal interface IPayloadSanitiser
{
    /// <param name="format">Of <paramref name="data"/>.</param>
    /// <param name="data">One value that the format's codec has accepted.</param>
    /// <param name="sanitised"><paramref name="data"/> itself where there was nothing to do.</param>
    /// <returns>False: more work than a message may cause.</returns>
    bool TrySanitise(WireFormat format, ReadOnlyMemory<byte> data, out ReadOnlyMemory<byte> sanitised);
}
