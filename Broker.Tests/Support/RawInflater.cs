using System.IO.Compression;

namespace Broker.Tests.Support;

/// <summary>Inflates the messages of the other side of a connection (RFC 7692 section 7.2.2), without the code under test.</summary>
/// <param name="takeover">A message may refer to those before it; without, one that does is a fault.</param>
internal sealed class RawInflater(bool takeover = true) : IDisposable
{
    private readonly MemoryStream _input = new();
    private DeflateStream? _inflate;

    /// <exception cref="InvalidDataException">It is not deflate, or refers to what is not there.</exception>
    public byte[] Inflate(ReadOnlySpan<byte> message)
    {
        _input.SetLength(0);
        _input.Write(message);
        _input.Write([0, 0, 0xFF, 0xFF]);
        _input.Position = 0;
        _inflate ??= new DeflateStream(_input, CompressionMode.Decompress, leaveOpen: true);
        using var output = new MemoryStream();
        var buffer = new byte[16384];
        for (int read; (read = _inflate.Read(buffer)) > 0;)
        {
            output.Write(buffer, 0, read);
        }

        if (!takeover)
        {
            _inflate.Dispose();
            _inflate = null;
        }

        return output.ToArray();
    }

    public void Dispose()
    {
        _inflate?.Dispose();
        _input.Dispose();
    }
}
