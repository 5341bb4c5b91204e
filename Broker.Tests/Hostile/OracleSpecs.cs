using Akka.Actor;
using Broker.Tests.Support;
using Xunit.Sdk;

namespace Broker.Tests.Hostile;

/// <summary>The common oracle sees what it is there to see.</summary>
public sealed class OracleSpecs
{
    private static CancellationToken Cancel => Deadline.Cancel;

    [Theory]
    [InlineData("broker.connections.closed 1002 protocol error = 2")]
    [InlineData("broker.connections.closed 1003 unsupported data = 1")]
    [InlineData(null)]
    public async Task Counts_that_moved_otherwise_are_noticed(string? expected)
    {
        await using var node = await HostileNode.StartAsync(HostileNode.Open, TokenForge.Clock());
        await using var socket = await node.ClientAsync();
        await socket.SendFrameAsync(1, [], masked: false, cancellation: Cancel);
        await HostileNode.ClosesAsync(socket, 1002);
        await Assert.ThrowsAnyAsync<XunitException>(() => node.HasCountedAsync(expected is null ? [] : [expected]));
        await node.HasCountedAsync();
    }

    [Fact]
    public async Task A_line_without_an_offence_is_noticed()
    {
        await using var node = await HostileNode.StartAsync(HostileNode.Open, TokenForge.Clock());
        node.Log("a line");
        await Assert.ThrowsAnyAsync<XunitException>(() => node.IsUnharmedAsync());
    }

    [Fact]
    public async Task An_actor_of_a_known_name_and_another_incarnation_is_noticed()
    {
        await using var node = await HostileNode.StartAsync(HostileNode.Open, TokenForge.Clock());
        var system = node.Broker.System!;
        var listener = await system.ActorSelection("/user/" + NodeLog.ListenerName).ResolveOne(TimeSpan.FromSeconds(5), Cancel);
        await listener.GracefulStop(TimeSpan.FromSeconds(5));
        await Eventually.IsTrueAsync(() => IsFree(system), "its name is free");
        await Assert.ThrowsAnyAsync<XunitException>(() => node.IsUnharmedAsync());
    }

    private static bool IsFree(ActorSystem system)
    {
        try
        {
            system.ActorOf(Props.Empty, NodeLog.ListenerName);
            return true;
        }
        catch (InvalidActorNameException)
        {
            // Its guardian has not seen the end yet.
            return false;
        }
    }

    [Fact]
    public async Task A_message_that_a_canary_missed_is_noticed()
    {
        await using var node = await HostileNode.StartAsync(HostileNode.Open, TokenForge.Clock());
        await using var socket = await node.ClientAsync();
        await socket.SendTextAsync("""{"type":"publish","topic":"canary","data":-1,"id":1}""", Cancel);
        await HostileNode.ReadAsync(socket, "published");
        await HostileNode.LeaveAsync(socket);
        await Assert.ThrowsAnyAsync<XunitException>(() => node.IsUnharmedAsync());
    }
}
