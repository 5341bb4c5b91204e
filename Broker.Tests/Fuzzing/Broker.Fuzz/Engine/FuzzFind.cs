namespace Broker.Fuzz.Engine;

/// <summary>An input and what went wrong with it.</summary>
/// <param name="Problem">One line that is the same for other inputs with the same cause.</param>
/// <param name="Detail">The exception with its stack, or figures.</param>
/// <param name="Input">As short as could be found quickly; empty where no single input is to blame.</param>
internal sealed record FuzzFind(string Problem, string Detail, byte[] Input);
