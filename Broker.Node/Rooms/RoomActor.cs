using System.Security.Cryptography;
using Akka.Actor;
using Akka.Cluster.Sharding;
using Akka.Event;
using Broker.Node.Delivery;
using Broker.Node.Lanes;
using Broker.Node.Topics;
using Broker.Protocol.Wire;
using Broker.Rooms;
using Broker.Rooms.Hosting;

namespace Broker.Node.Rooms;

/// <summary>
/// The sharded entity of a room: the shell over a <see cref="RoomHost"/>. Gives it what players ask and the time, keeps its snapshots, and says what it says by
/// the lane of the room.
/// </summary>
/// <remarks>
/// <para>States: reading what is kept of the room; claiming it, by writing that back under its own name; running; stopping, with a last snapshot, for another
/// node to go on. What is asked meanwhile waits, or is told that the room is not here.</para>
/// <para>It runs only from a record that it has claimed, and every snapshot is written over the one before. Who finds another's record there ends. While no
/// snapshot is confirmed for <see cref="Unconfirmed"/>, or the node may promise nothing, the room stands still.</para>
/// </remarks>
internal sealed partial class RoomActor : UntypedActor, IWithTimers
{
    /// <summary>After which a room stands still whose snapshots nobody confirms.</summary>
    public static readonly TimeSpan Unconfirmed = TimeSpan.FromSeconds(3);

    /// <summary>Requests that wait until the room runs.</summary>
    private const int MaxWaiting = 1024;

    private static readonly TimeSpan Pulse = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(5);

    private readonly string _id;
    private readonly RoomServices _services;
    private readonly uint _hash;
    private readonly long _life = BitConverter.ToInt64(RandomNumberGenerator.GetBytes(8));
    private readonly long _started;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Queue<(RoomInput Input, IActorRef Sender)> _waiting = new();
    private readonly RoomTurn _turn;
    private State _state = State.New;
    private RoomHost? _host;
    private RoomSpeech? _speech;
    private bool _isSuspended;

    public RoomActor(string id, RoomServices services)
    {
        (_id, _services, _hash) = (id, services, TopicName.Hash(TopicName.OfRoomPushes(id)));
        _started = services.Time.GetTimestamp();
        _turn = new RoomTurn(Self, OnLost);
    }

    private enum State
    {
        New,
        Reading,
        Claiming,
        Running,
        Stopping,
        Ended,
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private TimeSpan Now => _services.Time.GetElapsedTime(_started);

    protected override void PostStop()
    {
        _services.Runs.Clear(_id, _turn);
        if (_isClaimed)
        {
            _services.Runs.Release();
        }

        if (_state is not (State.New or State.Ended) && RoomId.TryReadKind(_id, out var kind))
        {
            _services.Directory.Hide(kind, _id, hasEnded: false);
        }
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case RoomInput input: OnInput(input); break;
            case RoomRead read: OnRead(read); break;
            case RoomWritten written: OnWritten(written); break;
            case Due: Run(static _ => { }); break;
            case PulseDue: OnPulse(); break;
            case SaveDue: Run(static _ => { }); break;
            case WriteDue: Write(); break;
            case WorkDone done: Change(host => host.WorkEnded(done.Id, done.Data, done.Error)); break;
            case NodeRemoved removed: OnNodeRemoved(removed.Node); break;
            case Stop: OnStop(); break;
            case StopNow: Context.Stop(Self); break;
            default: Unhandled(message); break;
        }
    }

    private void OnInput(RoomInput input)
    {
        switch (_state)
        {
            case State.Running:
                Take(input, Sender);
                break;
            case State.Stopping or State.Ended:
                SendAway(input, Sender);
                break;
            default:
                if (_waiting.Count < MaxWaiting)
                {
                    _waiting.Enqueue((input, Sender));
                }
                else
                {
                    Refuse(input, Sender, ErrorCode.Unavailable);
                }

                if (_state == State.New)
                {
                    Read();
                }

                break;
        }
    }

    private void Begin()
    {
        _state = State.Running;
        _services.Runs.Set(_id, _turn);
        Timers.StartPeriodicTimer(PulseDue.Instance, PulseDue.Instance, Pulse);
        while (_waiting.TryDequeue(out var one) && _state == State.Running)
        {
            Take(one.Input, one.Sender);
        }

        Run(static _ => { });
    }

    /// <summary>Nothing runs here, and whoever asked is told so.</summary>
    private void GiveUp(ErrorCode error)
    {
        (_host, _state) = (null, State.New);
        while (_waiting.TryDequeue(out var one))
        {
            Refuse(one.Input, one.Sender, error);
        }

        Context.Parent.Tell(new Passivate(Stop.Instance));
    }

    private void Take(RoomInput input, IActorRef sender)
    {
        if (!_speech!.TryAsk(input, sender, out var request))
        {
            return;
        }

        var connection = RoomSpeech.ConnectionOf(input);
        var kind = Kind;
        Change(host =>
        {
            switch (input.Kind)
            {
                case RoomInputKind.Create when input.Connection == 0:
                    _speech.Write(new RoomCreated { Request = request });
                    break;
                case RoomInputKind.Create or RoomInputKind.Join:
                    Join(host, input, request, connection, kind);
                    break;
                case RoomInputKind.Announce:
                    host.Announce(request, connection, input.Token ?? "");
                    break;
                case RoomInputKind.Leave:
                    host.Leave(request, connection);
                    break;
                case RoomInputKind.Send when RoomInputData.TryRead(input, kind, out var data):
                    host.Send(request, connection, input.Name, data, input.To);
                    break;
                case RoomInputKind.Call when RoomInputData.TryRead(input, kind, out var data):
                    host.Call(request, connection, input.Name, data);
                    break;
                case RoomInputKind.Sync:
                    host.Sync(request, connection);
                    break;
                case RoomInputKind.Drop:
                    host.Drop(connection);
                    _speech.Forget(connection);
                    _speech.Finish(request);
                    break;
                case RoomInputKind.Reserve:
                    host.Reserve(request, input.User);
                    break;
                default:
                    _speech.Refuse(request, ErrorCode.InvalidMessage);
                    break;
            }
        });
    }

    private void Join(RoomHost host, RoomInput input, RequestId request, RoomConnection connection, RoomKind kind)
    {
        if (!RoomInputData.TryRead(input, kind, out var data))
        {
            _speech!.Refuse(request, ErrorCode.InvalidMessage);
            return;
        }

        host.Join(request, new JoinInput(connection, input.User) { Token = input.Token, Code = input.Code, AsSpectator = input.AsSpectator, Data = data });
    }

    private RoomKind Kind => RoomId.TryReadKind(_id, out var name) && _services.Kinds.TryGet(name, out var kind) ? kind : throw new InvalidOperationException($"Room {_id} has no kind.");

    private void Change(Action<RoomHost> input)
    {
        _isChanged = true;
        Run(input);
    }

    /// <summary>Gives the host the time and an input, and does what follows from it.</summary>
    private void Run(Action<RoomHost> input)
    {
        if (_state != State.Running)
        {
            return;
        }

        if (!_services.Fence.IsOpen)
        {
            Suspend();
        }
        else if (_isSuspended && !(_isWriting && Now - _writingSince > Unconfirmed))
        {
            _isSuspended = false;
            _host!.Resume();
        }

        var begun = _services.Time.GetTimestamp();
        _turn.Begin(begun);
        _host!.Advance(Now);
        input(_host);
        _turn.End();
        _host.Measured(_services.Time.GetElapsedTime(begun));
        Settle();
    }

    /// <summary>
    /// Players are told that the room has failed, though its code has not come back, by another thread: of the actor only what does not change
    /// is looked at, and the nodes, which are an array that is not changed either. Where the code does come back, the room ends as failed.
    /// </summary>
    private void OnLost()
    {
        _log.Error("Room {0}: a turn of its code does not end; it is given up", _id);
        var message = MessageBuffer.OfThread;
        WireFormat.Json.Codec().Write(message, new RoomLeftMessage(default, _id, "failed"));
        var push = new RoomPush(RoomPushKind.Ended, _id, Volatile.Read(ref _generation)) { Payload = message.Written.ToArray(), Format = WireFormat.Json };
        _services.Lanes.Post(new RoomPushCommand(_hash, [(push, _speech!.Nodes)]));
        _services.Runs.Clear(_id, _turn);
        if (RoomId.TryReadKind(_id, out var kind))
        {
            _services.Directory.Hide(kind, _id, hasEnded: true);
        }
    }

    private void Suspend()
    {
        if (!_isSuspended)
        {
            _isSuspended = true;
            _host!.Suspend();
        }
    }

    private void Settle()
    {
        if (_host!.NeedsRemoval)
        {
            Remove();
        }
        else
        {
            Save();
        }

        Flush();
        if (_speech!.HasEnded)
        {
            End();
        }
        else if (_speech.HasSlept && !_isWriting && _host!.Phase == RoomPhase.Asleep)
        {
            Context.Parent.Tell(new Passivate(Stop.Instance));
        }
        else if (_host!.NextDue is { } due)
        {
            var wait = due - Now;
            Timers.StartSingleTimer(Due.Instance, Due.Instance, wait > TimeSpan.Zero ? wait : TimeSpan.Zero);
        }
        else
        {
            Timers.Cancel(Due.Instance);
        }
    }

    /// <summary>Says what is to be said, and starts what is to be started.</summary>
    private void Flush()
    {
        var said = _speech!.Take();
        if (said.Count > 0)
        {
            _services.Lanes.Post(new RoomPushCommand(_hash, said));
        }

        while (_speech.Work.TryDequeue(out var work))
        {
            Start(work);
        }

        while (_speech.Reports.TryDequeue(out var report))
        {
            RoomReportLog.Write(_log, _id, report);
        }
    }

    private void Start(RoomWork work)
    {
        var self = Self;
        Task.Run(async () =>
        {
            try
            {
                return new WorkDone(work.Id, await work.Run(work.Cancellation), null);
            }
            catch (Exception e)
            {
                return new WorkDone(work.Id, RoomData.None, e.Message);
            }
        }).PipeTo(self);
    }

    private void OnPulse()
    {
        // Where nothing was asked and nothing will come by itself, only the time has gone on, and nobody waits for it.
        _isSnapshotDue |= _isChanged || _host?.NextDue is not null;
        if (_state == State.Running && _isWriting && Now - _writingSince > Unconfirmed)
        {
            Suspend();
        }

        Run(_ => _speech!.Say(RoomPushKind.Alive));
    }

    private void OnNodeRemoved(uint node) => Change(host =>
    {
        host.DropNode(node);
        _speech!.ForgetNode(node);
    });

    /// <summary>The room goes on somewhere else, or nowhere for now.</summary>
    private void OnStop()
    {
        switch (_state)
        {
            case State.Running:
                _state = State.Stopping;
                Timers.StartSingleTimer(StopNow.Instance, StopNow.Instance, StopLimit);
                if (!_isWriting)
                {
                    FinishStop();
                }

                break;
            case State.Stopping:
                break;
            default:
                while (_waiting.TryDequeue(out var one))
                {
                    SendAway(one.Input, one.Sender);
                }

                Context.Stop(Self);
                break;
        }
    }

    private void End()
    {
        if (_state == State.Ended)
        {
            return;
        }

        _state = State.Ended;
        Timers.CancelAll();
        _services.Runs.Clear(_id, _turn);
        if (RoomId.TryReadKind(_id, out var kind))
        {
            _services.Directory.Hide(kind, _id, hasEnded: true);
        }

        Context.Parent.Tell(new Passivate(Stop.Instance));
    }

    private void Refuse(RoomInput input, IActorRef sender, ErrorCode error)
    {
        if (RoomSpeech.Refuse(input, sender, error) is { } push)
        {
            _services.Lanes.Post(new RoomPushCommand(_hash, [(push, [input.Node])]));
        }
    }

    /// <summary>The room does not run here any more: nothing was done.</summary>
    private void SendAway(RoomInput input, IActorRef sender)
    {
        if (input.Connection == 0)
        {
            Refuse(input, sender, ErrorCode.Unavailable);
        }
        else
        {
            var push = new RoomPush(RoomPushKind.NotHere, _id, 0) { Node = input.Node, Connection = input.Connection, Number = input.Number };
            _services.Lanes.Post(new RoomPushCommand(_hash, [(push, [input.Node])]));
        }
    }

    /// <summary>The sharding's word for stopping.</summary>
    internal sealed class Stop : INoSerializationVerificationNeeded, IDeadLetterSuppression
    {
        public static readonly Stop Instance = new();
    }

    /// <summary>A node is no member any more.</summary>
    internal sealed record NodeRemoved(uint Node) : INoSerializationVerificationNeeded, IDeadLetterSuppression;

    private sealed record WorkDone(long Id, RoomData Data, string? Error) : INoSerializationVerificationNeeded, IDeadLetterSuppression;

    private sealed class Due : INoSerializationVerificationNeeded, IDeadLetterSuppression
    {
        public static readonly Due Instance = new();
    }

    private sealed class PulseDue : INoSerializationVerificationNeeded, IDeadLetterSuppression
    {
        public static readonly PulseDue Instance = new();
    }

    private sealed class SaveDue : INoSerializationVerificationNeeded, IDeadLetterSuppression
    {
        public static readonly SaveDue Instance = new();
    }

    private sealed class WriteDue : INoSerializationVerificationNeeded, IDeadLetterSuppression
    {
        public static readonly WriteDue Instance = new();
    }

    private sealed class StopNow : INoSerializationVerificationNeeded, IDeadLetterSuppression
    {
        public static readonly StopNow Instance = new();
    }
}
