using System.Security.Cryptography;
using Broker.Rooms;
using Broker.Rooms.Hosting;
using CsCheck;

namespace Broker.Tests.Rooms;

public sealed class RoomSnapshotSpecs
{
    private static readonly Action<RoomOptions> Version2 = static options => (options.StateVersion, options.StepRate, options.MaxSpectators) = (2, 10, 5);

    [Fact]
    public void Room_goes_on_elsewhere_as_it_was()
    {
        var bench = Busy();
        bench.Save();
        _ = (bench.Told, bench.Calls);
        Assert.Equal(SnapshotRefusal.None, bench.Restore(bench.LastSnapshot!.Bytes));
        Assert.Equal("restore 3 of version 2; work load interrupted", bench.Calls);
        bench.Advance(100);
        Assert.Equal("due a 7 at 250; step 3 at 300", bench.Calls);
        Assert.Equal(RoomError.RoomRefused, Assert.IsType<RequestRefused>(bench.Join(9)).Error);
        Assert.Equal("duel", bench.Outputs.OfType<ListingChanged>().Last().Listing.Metadata["mode"]);
    }

    [Fact]
    public void Snapshot_of_a_restored_room_is_the_same_but_for_who_is_where()
    {
        var bench = Busy();
        bench.Save();
        bench.Restore(bench.LastSnapshot!.Bytes);
        bench.Save();
        var first = bench.LastSnapshot.Bytes.ToArray();
        bench.Restore(first);
        bench.Save();
        Assert.Equal(first, bench.LastSnapshot.Bytes.ToArray());
    }

    /// <summary>The same room, once stopped and once not, draws the same numbers.</summary>
    [Fact]
    public void Random_source_goes_on_where_it_was()
    {
        List<ulong> drawn = [];
        var bench = new HostBench();
        var token = bench.JoinForToken(1);
        bench.Script.On["message"] = (context, _) => drawn.Add(context.Random.NextBits());
        bench.Send(1);
        bench.Save();
        bench.Send(1);
        bench.Restore(bench.LastSnapshot!.Bytes);
        var again = bench.Send(1);
        Assert.IsType<RequestRefused>(again);
        bench.Ask((host, request) => host.Announce(request, HostBench.At(1), token));
        bench.Send(1);
        Assert.Equal(3, drawn.Count);
        Assert.NotEqual(drawn[0], drawn[1]);
        Assert.NotEqual(drawn[1], drawn[2]);
    }

    [Fact]
    public void Players_are_expected_and_get_the_state_where_they_are_announced()
    {
        var bench = new HostBench(static options => options.Grace = TimeSpan.FromSeconds(30));
        var one = bench.JoinForToken(1);
        var two = bench.JoinForToken(2);
        bench.Join(3);
        bench.Do(static host => host.Drop(HostBench.At(2)));
        bench.Advance(20_000);
        bench.Save();
        bench.Restore(bench.LastSnapshot!.Bytes);
        _ = (bench.Told, bench.Calls);

        Assert.IsType<StateShown>(bench.Ask((host, request) => host.Announce(request, HostBench.At(11), one)));
        Assert.IsType<StateShown>(bench.Ask((host, request) => host.Announce(request, HostBench.At(12), two)));
        Assert.Equal("p2 Returned", bench.Told);
        Assert.Equal("returned p2", bench.Calls);
        Assert.Equal(RoomError.Forbidden, Assert.IsType<RequestRefused>(bench.Ask(static (host, request) => host.Announce(request, HostBench.At(13), "x"))).Error);
        bench.Advance(15_000);
        Assert.Equal("p3 Dropped", bench.Told);
        Assert.Equal("dropped p3", bench.Calls);
        bench.Advance(30_000);
        Assert.Equal("left p3 TimedOut", bench.Calls);
        Assert.IsType<RequestDone>(bench.Send(11));
    }

    [Fact]
    public void Grace_and_reservations_have_what_was_left_of_them()
    {
        var bench = new HostBench();
        bench.Join(1);
        bench.Join(2);
        var reserved = Assert.IsType<SeatReserved>(bench.Reserve()).Token;
        bench.Do(static host => host.Drop(HostBench.At(2)));
        bench.Advance(10_000);
        bench.Save();
        bench.Restore(bench.LastSnapshot!.Bytes);
        _ = bench.Calls;
        bench.Advance(4_999);
        Assert.IsType<PlayerSeated>(bench.Join(3, token: reserved));
        bench.Advance(15_000);
        Assert.DoesNotContain("left p2", string.Join(';', bench.Script.Calls), StringComparison.Ordinal);
        bench.Advance(1);
        Assert.Contains("left p2 TimedOut", bench.Calls, StringComparison.Ordinal);
    }

    [Fact]
    public void Older_version_is_upgraded_and_a_newer_one_handed_on()
    {
        var old = new HostBench();
        old.Save();
        Assert.Equal(SnapshotRefusal.None, old.Restore(old.LastSnapshot!.Bytes, Version2));
        Assert.Contains("restore 0 of version 1", old.Calls, StringComparison.Ordinal);
        var young = new HostBench(Version2);
        young.Save();
        Assert.Equal(SnapshotRefusal.Newer, young.Restore(young.LastSnapshot!.Bytes, static _ => { }));
        Assert.DoesNotContain("restore", young.Calls, StringComparison.Ordinal);
    }

    [Fact]
    public void Snapshot_of_another_room_or_kind_is_foreign()
    {
        var bench = new HostBench();
        bench.Save();
        var kind = new RoomKinds().Add("scripted", static _ => new ScriptedRoom(new RoomScript())).All.Single();
        var other = new RoomKinds().Add("other", static _ => new ScriptedRoom(new RoomScript())).All.Single();
        Assert.Equal(SnapshotRefusal.None, SnapshotCodec.Read(bench.LastSnapshot!.Bytes.Span, kind, "room-1").Refusal);
        Assert.Equal(SnapshotRefusal.Foreign, SnapshotCodec.Read(bench.LastSnapshot!.Bytes.Span, kind, "room-2").Refusal);
        Assert.Equal(SnapshotRefusal.Foreign, SnapshotCodec.Read(bench.LastSnapshot!.Bytes.Span, other, "room-1").Refusal);
    }

    [Fact]
    public void Snapshot_that_was_cut_anywhere_is_refused()
    {
        var bytes = BusySnapshot(out var bench);
        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.Equal(SnapshotRefusal.Damaged, bench.Restore(bytes.AsMemory(0, length)));
        }
    }

    /// <summary>A changed version of the format reads as one that is not known here.</summary>
    [Fact]
    public void Snapshot_that_was_changed_anywhere_is_refused()
    {
        var bytes = BusySnapshot(out var bench);
        for (var place = 0; place < bytes.Length; place++)
        {
            var changed = bytes.ToArray();
            changed[place] ^= 0x10;
            Assert.Equal(place == 3 ? SnapshotRefusal.Newer : SnapshotRefusal.Damaged, bench.Restore(changed));
        }
    }

    /// <summary>Whoever made the checksum right again meets the second line.</summary>
    [Fact]
    public void Changed_snapshot_with_a_right_checksum_is_restored_or_refused_and_never_throws()
    {
        var bytes = BusySnapshot(out var bench);
        Gen.Select(Gen.Int[4, bytes.Length - 9], Gen.Byte, Gen.Int[0, 3]).Sample(
            (place, value, cut) =>
            {
                var changed = bytes.ToArray();
                changed[place] = value;
                var body = changed[..^(8 + cut)];
                bench.Restore((byte[])[.. body, .. SHA256.HashData(body)[..8]]);
                bench.Host.Advance(bench.Now + TimeSpan.FromMinutes(1));
            },
            iter: 5_000,
            threads: 1);
    }

    [Fact]
    public void Poisoned_snapshot_fails_with_back_off_and_not_at_the_caller()
    {
        var bench = new HostBench();
        bench.Join(1);
        bench.Save();
        bench.Script.On["restore"] = static (_, _) => throw new InvalidOperationException("poison");
        Assert.Equal(SnapshotRefusal.None, bench.Restore(bench.LastSnapshot!.Bytes));
        Assert.Equal(RoomPhase.Failed, bench.Host.Phase);
        Assert.Equal(bench.Now + TimeSpan.FromSeconds(1), bench.Host.NextDue);
    }

    private static byte[] BusySnapshot(out HostBench bench)
    {
        bench = Busy();
        bench.Save();
        return bench.LastSnapshot!.Bytes.ToArray();
    }

    /// <summary>Everything that a snapshot may have in it.</summary>
    private static HostBench Busy()
    {
        var bench = new HostBench(Version2);
        bench.Join(1, user: "ann");
        bench.Join(2);
        bench.Join(3, asSpectator: true);
        bench.Reserve("bob");
        bench.Do(static host => host.Drop(HostBench.At(2)));
        bench.Script.On["message"] = static (context, _) =>
        {
            context.Schedule(TimeSpan.FromMilliseconds(250), "a", RoomData.Json("7"));
            context.SetMetadata("mode", "duel");
            context.MakePrivate();
            context.Lock();
            context.Run("load", static _ => Task.FromResult(RoomData.None));
        };
        bench.Send(1);
        bench.Script.On.Clear();
        bench.Advance(200);
        return bench;
    }
}
