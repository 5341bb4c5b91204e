using System.Buffers.Binary;
using System.Text;
using Broker.Node.Configuration.Options;
using Broker.Node.Delivery;
using Broker.Tests.Support;

namespace Broker.Tests.Delivery;

/// <summary>A connection's writer over a socket that a test fills, and one cursor. The test is the stage.</summary>
internal sealed class SlowClient
{
    private readonly List<byte> _written = [];
    private int _fromSocket;

    public SlowClient(long id, SlowPolicy policy, PushForm form = default, string topic = "t", TimeProvider? gathering = null)
    {
        Writer = new ConnectionWriter(id) { Observer = new WriterEvents { OnOverrun = () => Overruns++ } };
        Writer.Attach(Socket, static () => { });
        Writer.Framing = WebSocketFraming.Of(form.Format);
        if (gathering is not null)
        {
            Writer.GatherPushes(TimeSpan.FromMilliseconds(10), 64 * 1024, gathering);
        }

        Writer.TryPark();
        Subscription = new Subscription(Writer, Encoding.UTF8.GetBytes(topic), 1) { Form = form, Slow = policy };
    }

    public FakeSocket Socket { get; } = new();

    public ConnectionWriter Writer { get; }

    public Subscription Subscription { get; }

    /// <summary>Times the connection was told that a cursor lags too much.</summary>
    public int Overruns { get; private set; }

    /// <summary>Reads all there is, and has room from now on. The frames since the last call.</summary>
    public List<byte[]> Read()
    {
        var sent = Socket.Bytes;
        _written.AddRange(sent[_fromSocket..]);
        _fromSocket = sent.Length;
        Socket.Room = int.MaxValue;
        if (Writer.State == WriterState.Stage)
        {
            do
            {
                while (Writer.Gather())
                {
                    _written.AddRange(Writer.Chunk.Span);
                    Writer.Written();
                }
            }
            while (!Writer.TryPark());
        }

        var frames = new List<byte[]>();
        ReadOnlySpan<byte> bytes = _written.ToArray();
        while (!bytes.IsEmpty)
        {
            var length = bytes[1] switch
            {
                126 => 4 + BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]),
                127 => 10 + (int)BinaryPrimitives.ReadInt64BigEndian(bytes[2..]),
                var n => 2 + n,
            };
            frames.Add(bytes[..length].ToArray());
            bytes = bytes[length..];
        }

        _written.Clear();
        return frames;
    }
}
