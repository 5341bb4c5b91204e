using System.Security.Cryptography;
using Akka.Actor;
using Akka.Cluster.Sharding;
using Akka.Event;
using Broker.Node.Lanes;
using Broker.Node.Sequenced;
using Broker.Protocol.Wire;
using Broker.Rooms.Hosting;

namespace Broker.Node.Rooms;

/// <summary>The record of a room: read and claimed before it runs, written over while it does, taken away when it has ended.</summary>
internal sealed partial class RoomActor
{
    private static readonly TimeSpan SaveGap = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan WriteRetry = TimeSpan.FromMilliseconds(250);

    private TopicPosition _seen;
    private long _generation;

    /// <summary>What is being written, or was last.</summary>
    private RoomSnapshot? _snapshot;
    private bool _isWriting;
    private bool _isRemoving;
    private TimeSpan _writingSince;
    private TimeSpan _wroteAt = TimeSpan.MinValue;
    private bool _isSnapshotDue;

    /// <summary>Something was asked since the last snapshot.</summary>
    private bool _isChanged;

    /// <summary>It counts among the rooms of the node.</summary>
    private bool _isClaimed;

    private void Read()
    {
        _state = State.Reading;
        _services.Store.ReadAsync(_id).PipeTo(Self, failure: static _ => new RoomRead(false, default, null));
    }

    private void OnRead(RoomRead read)
    {
        if (_state == State.Reading)
        {
            Open(read);
        }
        else if (_state is State.Claiming or State.Running or State.Stopping && _isWriting)
        {
            Compare(read);
        }
    }

    /// <summary>Goes on from what is kept, or begins a new room where somebody asks for one.</summary>
    private void Open(RoomRead read)
    {
        if (!read.IsKnown || !RoomId.TryReadKind(_id, out var name) || !_services.Kinds.TryGet(name, out var kind))
        {
            GiveUp(read.IsKnown ? ErrorCode.RoomNotFound : ErrorCode.Unavailable);
            return;
        }

        _seen = read.Position;
        _speech = new RoomSpeech(_id, kind, _services.Time, listing => _services.Directory.Show(name, _id, listing));
        var setup = new RoomSetup(kind, _id, _services.Services, _speech);
        if (read.Record is { } record)
        {
            Restore(setup, record);
        }
        else if (read.Position.Offset == 0 && _waiting.FirstOrDefault(static one => one.Input.Kind == RoomInputKind.Create) is { Input: { } create, Sender: var sender })
        {
            Create(setup, create, sender);
        }
        else
        {
            GiveUp(ErrorCode.RoomNotFound);
        }
    }

    private void Restore(RoomSetup setup, RoomRecord record)
    {
        var (host, refusal, text) = RoomHost.Restore(setup, record.Snapshot, Now);
        if (host is null)
        {
            _log.Warning("Room {0} is not restored here ({1}): {2}", _id, refusal, text);
            GiveUp(ErrorCode.Unavailable);
            return;
        }

        TryClaim(int.MaxValue);
        (_host, _snapshot) = (host, new RoomSnapshot(0, record.Snapshot));
        Claim(record.Generation + 1);
    }

    private void Create(RoomSetup setup, RoomInput create, IActorRef sender)
    {
        if (!TryClaim(_services.Most))
        {
            GiveUp(ErrorCode.LimitExceeded);
            return;
        }

        RequestId request = default;
        if (create.Connection == 0)
        {
            _speech!.TryAsk(create, sender, out request);
        }

        // Who creates it joins then, as everybody does.
        var seed = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8));
        _host = RoomHost.Create(setup, seed, RoomInputData.Of(create.Options, create.Format, setup.Kind), Now, request);
        _snapshot = _host.TakeSnapshot();
        if (_snapshot is null)
        {
            // It has ended over its first turn: nothing was kept.
            _host.SnapshotRemoved();
            Flush();
            GiveUp(ErrorCode.Internal);
            return;
        }

        Claim(1);
    }

    private void Claim(long generation)
    {
        _state = State.Claiming;
        _generation = _speech!.Generation = generation;
        (_isWriting, _writingSince) = (true, Now);
        Write();
    }

    /// <summary>One more room of the node. Safe to repeat.</summary>
    private bool TryClaim(int most) => _isClaimed = _isClaimed || _services.Runs.TryClaim(most);

    /// <summary>Takes a snapshot where somebody waits for one, or it is time.</summary>
    private void Save()
    {
        if (_isWriting || !(_host!.NeedsSnapshot || _isSnapshotDue))
        {
            return;
        }

        if (_wroteAt > TimeSpan.MinValue && Now - _wroteAt < SaveGap)
        {
            if (!Timers.IsTimerActive(SaveDue.Instance))
            {
                Timers.StartSingleTimer(SaveDue.Instance, SaveDue.Instance, SaveGap - (Now - _wroteAt));
            }

            return;
        }

        (_isSnapshotDue, _isChanged) = (false, false);
        if (_host.TakeSnapshot() is not { } snapshot)
        {
            if (_host.NeedsRemoval)
            {
                Remove();
            }

            return;
        }

        if (snapshot.Bytes.Span.SequenceEqual(_snapshot!.Bytes.Span))
        {
            // What is kept says it already.
            _host.SnapshotSaved(snapshot.Number);
            return;
        }

        _snapshot = snapshot;
        (_isWriting, _writingSince, _wroteAt) = (true, Now, Now);
        Write();
    }

    private void Remove()
    {
        if (!_isWriting && !_isRemoving)
        {
            _isRemoving = true;
            (_isWriting, _writingSince) = (true, Now);
            Write();
        }
    }

    private void Write()
    {
        var writing = _isRemoving
            ? _services.Store.RemoveAsync(_id, _seen)
            : _services.Store.WriteAsync(_id, new RoomRecord(_generation, _services.Node, _life, _snapshot!.Bytes), _seen);
        writing.PipeTo(Self, failure: static _ => new RoomWritten(PublishResult.Timeout, default));
    }

    private void OnWritten(RoomWritten written)
    {
        if (!_isWriting)
        {
            return;
        }

        switch (written.Result)
        {
            case PublishResult.Published:
                OnSaved(written.Position);
                break;
            case PublishResult.Conflict:
                _services.Store.ReadAsync(_id).PipeTo(Self, failure: static _ => new RoomRead(false, default, null));
                break;
            case PublishResult.LimitExceeded when _state == State.Claiming:
                _isWriting = false;
                GiveUp(ErrorCode.LimitExceeded);
                break;
            default:
                Timers.StartSingleTimer(WriteDue.Instance, WriteDue.Instance, WriteRetry);
                break;
        }
    }

    /// <summary>Something else is kept than was seen last: its own, if an earlier answer was lost; or another's, and then this one ends.</summary>
    private void Compare(RoomRead read)
    {
        if (!read.IsKnown)
        {
            Timers.StartSingleTimer(WriteDue.Instance, WriteDue.Instance, WriteRetry);
        }
        else if (read.Record is { } record && record.Life == _life && record.Generation == _generation && record.Snapshot.Span.SequenceEqual(_snapshot!.Bytes.Span) && !_isRemoving)
        {
            OnSaved(read.Position);
        }
        else if (read.Record is { } own && own.Life == _life)
        {
            // An earlier one of its own, of which it did not know that it was kept.
            _seen = read.Position;
            Write();
        }
        else if (read.Record is null && _isRemoving)
        {
            OnSaved(read.Position);
        }
        else if (read.Record is null && (read.Position.Epoch, read.Position.Birth) != (_seen.Epoch, _seen.Birth) && _state != State.Claiming)
        {
            // Nobody has what was kept: it begins anew with what is alive.
            _seen = default;
            _generation = _speech!.Generation = _generation + 1;
            Write();
        }
        else
        {
            _log.Warning("Room {0} is run by another actor: this one ends", _id);
            _isWriting = false;
            _state = State.Ended;
            _services.Runs.Clear(_id, _turn);
            while (_waiting.TryDequeue(out var one))
            {
                SendAway(one.Input, one.Sender);
            }

            Context.Parent.Tell(new Passivate(Stop.Instance));
        }
    }

    private void OnSaved(TopicPosition position)
    {
        (_isWriting, _seen) = (false, position);
        if (_isRemoving)
        {
            _host!.SnapshotRemoved();
            Flush();
            End();
            return;
        }

        _host!.SnapshotSaved(_snapshot!.Number);
        switch (_state)
        {
            case State.Claiming:
                Begin();
                break;
            case State.Stopping:
                FinishStop();
                break;
            default:
                Run(static _ => { });
                break;
        }
    }

    /// <summary>Nothing is being written: one more snapshot, unless what is kept is what there is.</summary>
    private void FinishStop()
    {
        if (_host!.NeedsRemoval)
        {
            Remove();
            return;
        }

        if (_host.TakeSnapshot() is { } snapshot && !snapshot.Bytes.Span.SequenceEqual(_snapshot!.Bytes.Span))
        {
            _snapshot = snapshot;
            (_isWriting, _writingSince) = (true, Now);
            Write();
            return;
        }

        _services.Runs.Clear(_id, _turn);
        _speech!.Say(RoomPushKind.Moving);
        Flush();

        // Behind what was asked meanwhile.
        Self.Tell(StopNow.Instance);
    }
}
