using Akka.Event;
using Akka.Remote;
using Broker.Node.Hosting;

namespace Broker.Tests.Hosting;

/// <summary>A broken association is one line of the log, and faults keep their stacks.</summary>
public sealed class RemoteLogSpecs
{
    private const string Writer = "akka://broker/system/endpointManager/reliableEndpointWriter-akka.tcp%3A%2F%2Fbroker%40127.0.0.1%3A4753-3/endpointWriter";

    private static readonly LogFilterEvaluator Filter = NodeSystemSetup.Noise().CreateEvaluator();

    [Fact]
    public void Reason_of_a_broken_association_is_one_line()
    {
        var line = new RemoteLogFormatter().Format("Association with {0} has failed. Reason: [{1}]", "peer", Thrown(Disassociated()));

        Assert.Equal("Association with peer has failed. Reason: [Disassociated]", line);
    }

    [Fact]
    public void Fault_that_is_not_remotings_keeps_its_stack()
    {
        var line = new RemoteLogFormatter().Format("{0}", Thrown(new InvalidOperationException("a fault")));

        Assert.Contains("   at ", line, StringComparison.Ordinal);
    }

    [Fact]
    public void Stack_behind_the_warning_of_a_broken_association_is_dropped()
    {
        Assert.False(IsPrinted(Thrown(Disassociated()), Writer));
        Assert.True(IsPrinted(Thrown(new InvalidOperationException("a fault")), Writer));
        Assert.True(IsPrinted(Thrown(Disassociated()), "akka://broker/system/endpointManager"));
    }

    private static bool IsPrinted(Exception cause, string source) => Filter.ShouldTryKeepMessage(new Error(cause, source, typeof(RemoteLogSpecs), cause.Message), out _);

    private static Exception Thrown(Exception error) => Record.Exception((Action)(() => throw error))!;

    /// <summary>Akka keeps the type to itself.</summary>
    private static Exception Disassociated() =>
        (Exception)Activator.CreateInstance(typeof(RemoteSettings).Assembly.GetType("Akka.Remote.EndpointDisassociatedException", throwOnError: true)!, "Disassociated")!;
}
