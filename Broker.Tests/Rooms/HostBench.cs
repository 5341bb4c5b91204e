using System.Buffers.Binary;
using Broker.Rooms;
using Broker.Rooms.Hosting;

namespace Broker.Tests.Rooms;

/// <summary>A <see cref="RoomHost"/> with a <see cref="ScriptedRoom"/>, in virtual time; keeps snapshots at once unless told otherwise.</summary>
internal sealed class HostBench : IRoomOutput, IServiceProvider
{
    private readonly RoomSetup _setup;
    private ulong _secrets;
    private ulong _requests;

    public HostBench(Action<RoomOptions>? configure = null, string options = "{}")
    {
        _setup = SetupOf(configure);
        Host = RoomHost.Create(_setup, seed: 7, RoomData.Json(options), Now, NextRequest());
        Save();
    }

    public RoomScript Script { get; } = new();

    public RoomHost Host { get; private set; }

    public TimeSpan Now { get; private set; }

    public bool SavesAtOnce { get; set; } = true;

    public RoomSnapshot? LastSnapshot { get; private set; }

    public List<RoomOutput> Outputs { get; } = [];

    public List<RoomReport> Reports { get; } = [];

    public List<RoomWork> Work { get; } = [];

    /// <summary>What clients without a request of their own were told since the last look, as short texts.</summary>
    public string Told
    {
        get
        {
            var told = string.Join("; ", Outputs.Select(Text).OfType<string>());
            Outputs.Clear();
            return told;
        }
    }

    /// <summary>What the room was told since the last look.</summary>
    public string Calls
    {
        get
        {
            var calls = string.Join("; ", Script.Calls);
            Script.Calls.Clear();
            return calls;
        }
    }

    public static RoomConnection At(int connection, ulong node = 1) => new(node, (ulong)connection);

    public RequestId NextRequest() => new(1, ++_requests);

    public RoomOutput Join(int connection, string? user = null, string? token = null, string? code = null, bool asSpectator = false) =>
        Ask((host, request) => host.Join(request, new JoinInput(At(connection), user) { Token = token, Code = code, AsSpectator = asSpectator }));

    public string JoinForToken(int connection, string? user = null) => Assert.IsType<PlayerSeated>(Join(connection, user)).Token;

    public RoomOutput Reserve(string? user = null) => Ask((host, request) => host.Reserve(request, user));

    public RoomOutput Send(int connection, string name = "hi", string? to = null) =>
        Ask((host, request) => host.Send(request, At(connection), name, RoomData.Json("1"), to));

    public RoomOutput Call(int connection, string method = "m") => Ask((host, request) => host.Call(request, At(connection), method, RoomData.None));

    /// <summary>The one answer.</summary>
    public RoomOutput Ask(Action<RoomHost, RequestId> input)
    {
        var request = NextRequest();
        var count = Outputs.Count;
        Do(host => input(host, request));
        var answer = Assert.Single(Outputs.Skip(count), output => output.Request == request);
        return answer;
    }

    public void Do(Action<RoomHost> input)
    {
        input(Host);
        SaveIfNeeded();
    }

    public void Advance(double milliseconds)
    {
        Now += TimeSpan.FromMilliseconds(milliseconds);
        Do(host => host.Advance(Now));
    }

    public void Save()
    {
        if (Host.TakeSnapshot() is { } snapshot)
        {
            LastSnapshot = snapshot;
            Host.SnapshotSaved(snapshot.Number);
        }

        Host.SnapshotRemoved();
    }

    /// <summary>On another node, whose clock says something else.</summary>
    public SnapshotRefusal Restore(ReadOnlyMemory<byte> snapshot, Action<RoomOptions>? configure = null)
    {
        Now += TimeSpan.FromHours(5);
        var (host, refusal, text) = RoomHost.Restore(configure is null ? _setup : SetupOf(configure), snapshot, Now);
        Host = host ?? Host;
        Assert.Equal(host is null, text.Length > 0);
        SaveIfNeeded();
        return refusal;
    }

    /// <summary>Short text of an output; null: of an answer, or of what only a lobby sees.</summary>
    public static string? Text(RoomOutput output) => output switch
    {
        EventSent sent => $"{sent.Audience} {sent.Connection.Number} {sent.Name}{(sent.From is null ? "" : " from " + sent.From)}",
        PlayerChanged changed => $"{changed.Player} {changed.Change}",
        StateShown shown when shown.Request.IsNone => $"state {shown.Data} to {shown.Connection.Number} {shown.Reason}",
        PlayerRemoved removed when removed.Request.IsNone => $"{removed.Reason} {removed.Connection.Number}",
        RoomPaused => "paused",
        RoomSlept => "slept",
        RoomEnded ended => ended.HasFailed ? "failed" : "ended",
        _ => null,
    };

    object? IServiceProvider.GetService(Type serviceType) => null;

    void IRoomOutput.Write(RoomOutput output) => Outputs.Add(output);

    void IRoomOutput.Report(RoomReport report) => Reports.Add(report);

    void IRoomOutput.Start(RoomWork work) => Work.Add(work);

    private RoomSetup SetupOf(Action<RoomOptions>? configure)
    {
        var kinds = new RoomKinds().Add("scripted", _ => new ScriptedRoom(Script), configure);
        return new RoomSetup(kinds.All.Single(), "room-1", this, this) { FillSecret = bytes => BinaryPrimitives.WriteUInt64LittleEndian(bytes, ++_secrets) };
    }

    private void SaveIfNeeded()
    {
        if (SavesAtOnce && (Host.NeedsSnapshot || Host.NeedsRemoval))
        {
            Save();
        }
    }
}
