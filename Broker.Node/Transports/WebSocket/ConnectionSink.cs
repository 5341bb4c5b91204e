using System.Diagnostics.CodeAnalysis;
using Akka.Actor;
using Akka.Streams;
using Akka.Streams.Stage;
using Broker.Node.Delivery;

namespace Broker.Node.Transports.WebSocket;

/// <summary>
/// Tells batches of messages to the connection's actor, or has its endpoint answer them. Pulls only while the
/// connection has room for what is on its way, so that a busy broker stops reading and TCP stops the publisher.
/// </summary>
internal sealed class ConnectionSink : GraphStage<SinkShape<MessageBatch>>
{
    private readonly Inlet<MessageBatch> _in = new("Connection.in");

    public override SinkShape<MessageBatch> Shape => new(_in);

    protected override GraphStageLogic CreateLogic(Attributes inheritedAttributes) =>
        new Logic(this, inheritedAttributes.Connection());

    [SuppressMessage("Design", "CA1001", Justification = "A stage's logic disposes in PostStop.")]
    private sealed class Logic : InGraphStageLogic
    {
        private readonly ConnectionSink _stage;
        private readonly ClientConnection _connection;
        private MessageBatch? _early;
        private IReply? _reply;

        public Logic(ConnectionSink stage, ClientConnection connection)
            : base(stage.Shape)
        {
            _stage = stage;
            _connection = connection;
            SetHandler(stage._in, this);
        }

        public override void PreStart()
        {
            _connection.OnResume(GetAsyncCallback(Resume));
            Pull(_stage._in);
        }

        public override void PostStop() => _reply?.Dispose();

        public override void OnPush()
        {
            var batch = Grab(_stage._in);
            _connection.Add(batch.Length);
            if (_connection.Endpoint is { } endpoint)
            {
                (_reply ??= endpoint.Open(_connection)).Send(batch);
                PullIfRoom();
            }
            else if (_connection.State.Actor is { } actor)
            {
                actor.Tell(batch, ActorRefs.NoSender);
                PullIfRoom();
            }
            else
            {
                // The actor is being started; nothing more is read until it is there.
                _early = batch;
            }
        }

        private void Resume()
        {
            if (_early is { } batch)
            {
                if (_connection.State.Actor is not { } actor)
                {
                    return;
                }

                _early = null;
                actor.Tell(batch, ActorRefs.NoSender);
            }

            PullIfRoom();
        }

        private void PullIfRoom()
        {
            if (!HasBeenPulled(_stage._in) && !IsClosed(_stage._in) && _connection.MayRead())
            {
                Pull(_stage._in);
            }
        }
    }
}
