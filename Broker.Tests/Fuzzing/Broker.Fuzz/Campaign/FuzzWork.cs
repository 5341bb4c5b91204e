using Broker.Fuzz.Engine;

namespace Broker.Fuzz.Campaign;

/// <summary>What a process of the instrumented copy is told to do; travels as JSON in a file.</summary>
/// <param name="Target">Name of the target.</param>
/// <param name="Settings">When to end.</param>
/// <param name="Seeds">Archives and directories of inputs to start from.</param>
/// <param name="Kept">Directory for inputs that were new; null: they are dropped.</param>
/// <param name="LastInput">File for the input in hand.</param>
/// <param name="Report">File for the <see cref="FuzzReport"/>.</param>
internal sealed record FuzzWork(string Target, FuzzSettings Settings, IReadOnlyList<string> Seeds, string? Kept, string LastInput, string Report);
