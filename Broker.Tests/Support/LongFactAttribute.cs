using System.Runtime.CompilerServices;

namespace Broker.Tests.Support;

/// <summary>A spec that takes long: run where <c>BROKER_TESTS_FULL=1</c> asks for it, and else not counted.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class LongFactAttribute : FactAttribute
{
    public LongFactAttribute([CallerFilePath] string? sourceFilePath = null, [CallerLineNumber] int sourceLineNumber = -1)
        : base(sourceFilePath, sourceLineNumber) => Explicit = Environment.GetEnvironmentVariable("BROKER_TESTS_FULL") != "1";
}
