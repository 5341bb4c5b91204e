using System.IO.MemoryMappedFiles;

namespace Broker.Fuzz.Engine;

/// <summary>
/// The input in hand, in a mapped file: it survives what ends the process at once, such as an overflow of the stack.
/// One writer.
/// </summary>
internal sealed class LastInput : IDisposable
{
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private long _changes;

    public LastInput(string path, int maxLength)
    {
        _file = MemoryMappedFile.CreateFromFile(path, FileMode.Create, null, sizeof(int) + Math.Max(1, maxLength));
        _view = _file.CreateViewAccessor();
    }

    /// <summary>Grows with every input; read by other threads to see whether one ends.</summary>
    public long Changes => Volatile.Read(ref _changes);

    public void Write(ReadOnlySpan<byte> input)
    {
        _view.Write(0, input.Length);
        _view.SafeMemoryMappedViewHandle.WriteSpan(sizeof(int), input);
        Volatile.Write(ref _changes, _changes + 1);
    }

    /// <summary>What a process that is gone was at; null when it had not begun.</summary>
    public static byte[]? Read(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        var bytes = File.ReadAllBytes(path);
        return bytes[sizeof(int)..(sizeof(int) + BitConverter.ToInt32(bytes))];
    }

    public void Dispose()
    {
        _view.Dispose();
        _file.Dispose();
    }
}
