using Broker.Fuzz.Engine;

namespace Broker.Fuzz.Targets;

/// <summary>Faults on purpose, one of each kind that a fuzzer must see, by their target's name.</summary>
internal sealed class PlantedBug(string name, PlantedBug.Fault fault) : FuzzTarget
{
    private static readonly List<byte[]> Leaked = [];

    public delegate void Fault(ReadOnlySpan<byte> input);

    /// <summary>They are only found by name: nobody fuzzes them by mistake.</summary>
    public static IReadOnlyList<PlantedBug> All { get; } =
    [
        new("planted-bug", Compare),
        new("planted-overflow", static input => Overflow(input.Length)),
        new("planted-hang", Hang),
        new("planted-delay", Delay),
        new("planted-allocation", static input => GC.KeepAlive(input.Length > 3 ? new byte[5 * 1024 * 1024] : null)),
        new("planted-leak", static _ => Leaked.Add(new byte[16])),
    ];

    public override string Name => name;

    public override int MaxLength => 64;

    public override void Run(ReadOnlySpan<byte> input) => fault(input);

    // Four bytes that are compared one after the other: luck takes four thousand million tries.
    private static void Compare(ReadOnlySpan<byte> input)
    {
        if (input.Length > 8 && input[2] == 0xB7 && input[3] == 'u' && input[5] == 0x00 && input[8] == '!')
        {
            throw new InvalidOperationException("The planted bug.");
        }
    }

    private static int Overflow(int length) => length > 3 ? 1 + Overflow(length + 1) : 0;

    private static void Delay(ReadOnlySpan<byte> input)
    {
        for (var end = Environment.TickCount64 + 250; input.Length > 3 && Environment.TickCount64 < end;)
        {
            Thread.SpinWait(100);
        }
    }

    private static void Hang(ReadOnlySpan<byte> input)
    {
        while (input.Length > 3)
        {
            Thread.Yield();
        }
    }
}
