using System.Globalization;
using System.Net.Sockets;

namespace Broker.Node.Listening;

/// <summary>
/// Keeps the last <see cref="Reserve"/> file descriptors of the process from clients, so that the operations port, files and other
/// nodes still get theirs. The system gives the lowest free number, so a number near the limit says that all below are taken.
/// Thread-safe.
/// </summary>
/// <param name="limit">How many the process may have; null: not known, and nothing is kept.</param>
internal sealed class Descriptors(long? limit)
{
    /// <summary>Descriptors that clients do not get.</summary>
    public const int Reserve = 64;

    private const string Limits = "/proc/self/limits";
    private const string Label = "Max open files";

    /// <summary>The first number that clients do not get.</summary>
    private readonly long _reserved = limit is { } all ? all - Math.Min(Reserve, all / 4) : long.MaxValue;

    /// <summary>Those of this process, by its limit at the first use.</summary>
    public static Descriptors OfProcess { get; } = new(ReadLimit());

    /// <summary>Whether the next client would take one of the reserve.</summary>
    public bool AreLow
    {
        get
        {
            if (_reserved == long.MaxValue)
            {
                return false;
            }

            try
            {
                using var next = File.OpenHandle("/dev/null", share: FileShare.ReadWrite);
                return IsReserved(next.DangerousGetHandle());
            }
            catch (IOException)
            {
                // None is left at all.
                return true;
            }
        }
    }

    /// <summary>Whether a client's socket took one of the reserve.</summary>
    public bool IsReserved(Socket socket) => IsReserved(socket.Handle);

    private bool IsReserved(long descriptor) => descriptor >= _reserved;

    private static long? ReadLimit()
    {
        if (!OperatingSystem.IsLinux() || !File.Exists(Limits))
        {
            return null;
        }

        // "Max open files            1024                 524288               files"
        var line = File.ReadLines(Limits).FirstOrDefault(static line => line.StartsWith(Label, StringComparison.Ordinal));
        var soft = line?[Label.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault();
        return long.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) ? limit : null;
    }
}
