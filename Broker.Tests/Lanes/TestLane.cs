using System.Buffers.Binary;
using System.Text;
using Broker.Node.Configuration.Options;
using Broker.Node.Delivery;
using Broker.Node.Diagnostics;
using Broker.Node.Lanes;
using Broker.Node.Membership;
using Broker.Protocol.Wire;
using Broker.Tests.Support;

namespace Broker.Tests.Lanes;

/// <summary>Logs of one lane on their own, with a node's memory where that is not what is tested.</summary>
internal static class TestLane
{
    public static LaneTopics Create(FanOutPool pool, int lagLimit, MessageDeflateOptions? deflate = null, LogMemory? memory = null, int lane = 0, BrokerMetrics? metrics = null, int maxPatterns = 1000)
    {
        metrics ??= RecordedMetrics.Unobserved();
        memory ??= new LogMemory(1L << 40, 1, static _ => { });
        return new LaneTopics(pool, lagLimit, maxPatterns, deflate ?? new MessageDeflateOptions(), new LaneMemory(memory, lane, metrics), metrics, Fence.None);
    }

    /// <summary>A connection whose writer is parked.</summary>
    public static (ConnectionWriter Writer, FakeSocket Socket) Connection(long id)
    {
        var socket = new FakeSocket();
        var writer = new ConnectionWriter(id);
        writer.Attach(socket, () => { });
        writer.TryPark();
        return (writer, socket);
    }

    public static WireId Id(long number)
    {
        WireId.TryCreate(number, out var id);
        return id;
    }

    /// <summary>What was written in JSON, a message each.</summary>
    public static List<string> Payloads(FakeSocket socket)
    {
        var payloads = new List<string>();
        ReadOnlySpan<byte> bytes = socket.Bytes;
        while (!bytes.IsEmpty)
        {
            Assert.Equal(0x81, bytes[0]);
            var (length, header) = bytes[1] switch
            {
                126 => ((bytes[2] << 8) | bytes[3], 4),
                127 => (BinaryPrimitives.ReadInt32BigEndian(bytes[6..]), 10),
                var n => (n, 2),
            };
            payloads.Add(Encoding.UTF8.GetString(bytes.Slice(header, length)));
            bytes = bytes[(header + length)..];
        }

        return payloads;
    }
}
