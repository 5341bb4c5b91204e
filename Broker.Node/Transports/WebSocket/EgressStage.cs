using Akka.Streams;
using Akka.Streams.Stage;
using Broker.Node.Delivery;

namespace Broker.Node.Transports.WebSocket;

/// <summary>
/// Source of a connection's outgoing bytes: holds its <see cref="ConnectionWriter"/> whenever the stream, rather than a
/// drainer, has to move them. Completes after the last bytes; fails when a drainer found the connection broken.
/// </summary>
internal sealed class EgressStage : GraphStage<SourceShape<EgressChunk>>
{
    private readonly Outlet<EgressChunk> _out = new("Egress.out");

    public override SourceShape<EgressChunk> Shape => new(_out);

    protected override GraphStageLogic CreateLogic(Attributes inheritedAttributes) =>
        new Logic(this, inheritedAttributes.Connection());

    private sealed class Logic : OutGraphStageLogic
    {
        private readonly EgressStage _stage;
        private readonly ClientConnection _connection;
        private readonly ConnectionWriter _writer;

        public Logic(EgressStage stage, ClientConnection connection)
            : base(stage.Shape)
        {
            _stage = stage;
            _connection = connection;
            _writer = connection.Writer;
            SetHandler(stage._out, this);
        }

        public override void PreStart()
        {
            var transport = _connection.Transport;
            _writer.Attach(transport.Socket is { } socket ? new DirectSocket(socket) : new DirectStream(transport.Stream!), GetAsyncCallback(Pump));
        }

        public override void PostStop() => _writer.Stop();

        public override void OnPull() => Pump();

        private void Pump()
        {
            if (_writer.Broken)
            {
                _connection.Abort();
                return;
            }

            if (!IsAvailable(_stage._out) || _writer.State != WriterState.Stage)
            {
                return;
            }

            do
            {
                if (_writer.Gather())
                {
                    if (_writer.MayLeave())
                    {
                        Push(_stage._out, _writer.Chunk);
                    }

                    return;
                }

                if (_writer.Finished)
                {
                    CompleteStage();
                    return;
                }

                _connection.CaughtUp();
            }
            while (!_writer.TryPark());
        }
    }
}
