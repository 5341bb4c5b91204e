using System.Net.Sockets;
using Broker.Tests.Hostile;
using Broker.Tests.Support;

namespace Broker.Tests.Conformance;

/// <summary>What the grid leaves out of RFC 6455 sections 5 to 7, against <c>/echo</c>.</summary>
public sealed class FramingSpecs(ConformanceNode shared) : IClassFixture<ConformanceNode>
{
    private readonly HostileNode _node = shared.Node;

    private static CancellationToken Cancel => Deadline.Cancel;

    /// <summary>Section 5.2: "the minimal number of bytes MUST be used to encode the length".</summary>
    public static TheoryData<int, int, int> LongLengths
    {
        get
        {
            var data = new TheoryData<int, int, int>();
            foreach (var (length, bytes) in new[] { (0, 2), (1, 2), (125, 2), (0, 8), (125, 8), (126, 8), (65535, 8) })
            {
                data.Add(1, length, bytes);
                data.Add(2, length, bytes);
                data.Add(0, length, bytes);
            }

            data.Add(8, 2, 2);
            data.Add(9, 5, 2);
            data.Add(9, 5, 8);
            data.Add(10, 0, 8);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(LongLengths))]
    public async Task Length_in_more_bytes_than_it_needs_is_refused_on_the_header(int opcode, int length, int lengthBytes)
    {
        await using var socket = await OpenAsync();
        if (opcode == 0)
        {
            await socket.SendFrameAsync(1, [], fin: false, cancellation: Cancel);
        }

        // Its payload never comes.
        var frame = TestFrame.Build(opcode, new byte[length], lengthBytes: lengthBytes);
        await socket.SendBytesAsync(frame[..(2 + lengthBytes)], cancellation: Cancel);
        await HostileNode.ClosesAsync(socket, 1002);
        await _node.HasCountedAsync("broker.connections.closed 1002 protocol error = 1");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Long_message_in_pieces_of_one_byte_comes_back(bool fragmented)
    {
        var payload = Payloads.Of(1, 64 * 1024);
        var fragment = fragmented ? 100 : payload.Length;
        await using var socket = await OpenAsync();
        byte[] frames = [.. payload.Chunk(fragment).SelectMany((part, i) => TestFrame.Build(i == 0 ? 1 : 0, part, (i + 1) * fragment >= payload.Length))];
        await _node.Canary.BesideAsync(socket.SendBytesAsync(frames, segment: 1, cancellation: Cancel));
        Assert.Equal(payload, (await socket.ReceiveAsync(Cancel)).Payload);
        await HostileNode.LeaveAsync(socket);
        await _node.HasCountedAsync();
    }

    [Fact]
    public async Task Close_codes_are_echoed_or_refused_up_to_the_last_one()
    {
        int[] valid = [.. Enumerable.Range(1000, 4), .. Enumerable.Range(1007, 8), 3000, 3001, 3999, 4000, 4001, 4998, 4999];
        int[] refused = [0, 1, 125, 999, 1004, 1005, 1006, 1015, 1016, 1099, 1999, 2000, 2999, 5000, 5001, 9999, 0x7FFF, 0x8000, 65535];
        foreach (var code in valid.Concat(refused))
        {
            await using var socket = await OpenAsync();
            await socket.SendBytesAsync(TestFrame.Close(code, "bye"), cancellation: Cancel);
            await HostileNode.ClosesAsync(socket, valid.Contains(code) ? code : 1002);
        }

        await _node.HasCountedAsync($"broker.connections.closed 1002 protocol error = {refused.Length}");
    }

    [Fact]
    public async Task Client_that_never_ends_its_side_after_the_close_leaves_nothing_at_the_server()
    {
        await using var socket = await OpenAsync();
        Assert.Equal(1000, (await socket.CloseAsync(cancellation: Cancel)).CloseCode);
        await _node.HasCountedAsync();
    }

    [Fact]
    public async Task Reset_while_a_long_message_is_written_leaves_nothing()
    {
        for (var i = 0; i < 5; i++)
        {
            // One byte of the echo is here, most of the rest cannot have been written.
            await using var socket = await OpenAsync();
            await socket.SendFrameAsync(2, new byte[8 * 1024 * 1024], cancellation: Cancel);
            Assert.Equal(1, await socket.Socket.ReceiveAsync(new byte[1], Cancel));
            socket.Abort();
        }

        await _node.HasCountedAsync();
    }

    /// <summary>Section 5.5.3 lets a server answer only the last of several pings; suites count all ten of a burst.</summary>
    [Fact]
    public Task Bursts_of_ten_pings_are_answered_one_by_one() => BurstsAsync(_node);

    internal static async Task BurstsAsync(HostileNode node)
    {
        await using var socket = await node.ConnectAsync("/echo");
        for (var round = 0; round < 200; round++)
        {
            byte[][] payloads = [.. Enumerable.Range(0, 10).Select(i => Payloads.Of(2, (round + (i * 13)) % 126))];
            await socket.SendBytesAsync([.. payloads.SelectMany(static payload => TestFrame.Build(9, payload))], cancellation: Cancel);
            foreach (var payload in payloads)
            {
                Assert.Equal(payload, (await socket.ReceiveAsync(Cancel)).Payload);
            }
        }

        await HostileNode.LeaveAsync(socket);
        await node.HasCountedAsync();
    }

    [Fact]
    public async Task Half_close_inside_a_frame_ends_the_connection_without_an_answer()
    {
        await using var socket = await OpenAsync();
        await socket.SendBytesAsync(TestFrame.Text("hello")[..5], cancellation: Cancel);
        socket.Socket.Shutdown(SocketShutdown.Send);
        Assert.True((await socket.ReceiveAsync(Cancel)).IsEnd);
        await _node.HasCountedAsync();
    }

    private async Task<RawWebSocket> OpenAsync()
    {
        var socket = await _node.ConnectAsync("/echo");
        Assert.Equal(101, socket.Status);
        return socket;
    }
}
