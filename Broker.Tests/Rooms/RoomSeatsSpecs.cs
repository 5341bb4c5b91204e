using Broker.Rooms;
using Broker.Rooms.Hosting;

namespace Broker.Tests.Rooms;

public sealed class RoomSeatsSpecs
{
    [Fact]
    public void Who_joins_gets_a_seat_and_the_others_are_told()
    {
        var bench = new HostBench();
        bench.Script.On["joined"] = static (context, player) => context.Send("welcome", RoomData.None);
        bench.Join(1, user: "ann");
        Assert.Equal("p1 Joined; Everybody 0 welcome", bench.Told);
        var second = Assert.IsType<PlayerSeated>(bench.Join(2));
        Assert.Equal("p2", second.Player.Id);
        Assert.Equal(["p1"], second.Players.Select(static player => player.Id));
        Assert.Equal(32, second.Token.Length);
        Assert.False(second.HasReturned);
        Assert.Equal("created {}; joined p1; joined p2", bench.Calls);
    }

    /// <summary>The state that the newcomer gets is that before the turn; what the turn sends follows.</summary>
    [Fact]
    public void Answer_to_joining_comes_before_what_the_room_sends_to_the_newcomer()
    {
        var bench = new HostBench();
        bench.Script.On["joined"] = static (context, player) => context.SendTo(player!, "card", RoomData.None);
        bench.Join(1);
        Assert.Equal([typeof(PlayerSeated), typeof(PlayerChanged), typeof(EventSent)], bench.Outputs.Skip(2).Take(3).Select(static output => output.GetType()));
    }

    [Theory]
    [InlineData("full", RoomError.RoomFull)]
    [InlineData("locked", RoomError.RoomRefused)]
    [InlineData("refused", RoomError.RoomRefused)]
    [InlineData("private", RoomError.Forbidden)]
    [InlineData("no spectators", RoomError.RoomFull)]
    [InlineData("foreign token", RoomError.Forbidden)]
    [InlineData("long data", RoomError.InvalidMessage)]
    [InlineData("other format", RoomError.InvalidMessage)]
    [InlineData("ended", RoomError.RoomNotFound)]
    [InlineData("suspended", RoomError.Unavailable)]
    public void Who_may_not_join_is_told_why(string why, RoomError error)
    {
        var bench = new HostBench(static options => options.MaxPlayers = 1);
        var input = new JoinInput(HostBench.At(1));
        switch (why)
        {
            case "full": bench.Join(2); break;
            case "locked": InTurn(bench, static context => context.Lock()); break;
            case "refused": bench.Script.Refusal = "no"; break;
            case "private": InTurn(bench, static context => context.MakePrivate()); break;
            case "no spectators": input = input with { AsSpectator = true }; break;
            case "foreign token": input = input with { Token = new string('0', 32) }; break;
            case "long data": input = input with { Data = RoomData.Json(new byte[RoomLimits.PlayerData + 1]) }; break;
            case "other format": input = input with { Data = RoomData.MessagePack(new byte[1]) }; break;
            case "ended": bench.Do(static host => host.End()); break;
            default: bench.Do(static host => host.Suspend()); break;
        }

        var answer = bench.Ask((host, request) => host.Join(request, input));
        Assert.Equal(error, Assert.IsType<RequestRefused>(answer).Error);
        Assert.DoesNotContain("joined p2", bench.Calls, StringComparison.Ordinal);
    }

    [Fact]
    public void Refusal_has_the_reason_of_the_room_cut_to_its_bound()
    {
        var bench = new HostBench();
        bench.Script.Refusal = new string('x', RoomLimits.Reason + 1);
        Assert.Equal(new string('x', RoomLimits.Reason), Assert.IsType<RequestRefused>(bench.Join(1)).Reason);
    }

    [Fact]
    public void Private_room_lets_in_who_knows_the_code()
    {
        var bench = new HostBench();
        var code = "";
        InTurn(bench, context => code = context.MakePrivate());
        InTurn(bench, context => Assert.Equal(code, context.MakePrivate()));
        Assert.Equal(8, code.Length);
        Assert.IsType<RequestRefused>(bench.Join(1, code: code.ToLowerInvariant()));
        Assert.IsType<PlayerSeated>(bench.Join(1, code: code));
        Assert.True(bench.Outputs.OfType<ListingChanged>().Last().Listing.IsPrivate);
    }

    [Fact]
    public void Joining_again_by_the_same_connection_answers_the_same_seat()
    {
        var bench = new HostBench();
        var first = Assert.IsType<PlayerSeated>(bench.Join(1));
        var again = Assert.IsType<PlayerSeated>(bench.Join(1));
        Assert.Equal((first.Player, first.Token, true), (again.Player, again.Token, again.HasReturned));
        Assert.Equal("p1 Joined", bench.Told);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Newer_connection_takes_the_seat_and_the_older_is_replaced(bool byToken)
    {
        var bench = new HostBench();
        var token = bench.JoinForToken(1, user: "ann");
        _ = (bench.Told, bench.Calls);
        Assert.IsType<PlayerSeated>(bench.Join(2, user: "ann", token: byToken ? token : null));
        Assert.Equal("Replaced 1", bench.Told);
        Assert.Equal("", bench.Calls);
        Assert.Equal(RoomError.Forbidden, Assert.IsType<RequestRefused>(bench.Send(1)).Error);
        Assert.IsType<RequestDone>(bench.Send(2));
    }

    [Fact]
    public void Token_of_a_user_is_no_use_to_others()
    {
        var bench = new HostBench();
        var token = bench.JoinForToken(1, user: "ann");
        Assert.Equal(RoomError.Forbidden, Assert.IsType<RequestRefused>(bench.Join(2, user: "bob", token: token)).Error);
        Assert.Equal(RoomError.Forbidden, Assert.IsType<RequestRefused>(bench.Join(2, token: token)).Error);
        Assert.IsType<RequestDone>(bench.Send(1));
    }

    [Fact]
    public void Dropped_player_returns_within_the_grace()
    {
        var bench = new HostBench(static options => options.Grace = TimeSpan.FromSeconds(10));
        var token = bench.JoinForToken(1);
        bench.Join(2);
        _ = (bench.Told, bench.Calls);
        bench.Do(static host => host.Drop(HostBench.At(1)));
        bench.Advance(9_999);
        Assert.Equal("p1 Dropped", bench.Told);
        Assert.True(Assert.IsType<PlayerSeated>(bench.Join(3, token: token)).HasReturned);
        bench.Advance(60_000);
        Assert.Equal("p1 Returned", bench.Told);
        Assert.Equal("dropped p1; returned p1", bench.Calls);
    }

    [Fact]
    public void Dropped_player_leaves_when_the_grace_is_over()
    {
        var bench = new HostBench(static options => options.Grace = TimeSpan.FromSeconds(10));
        var token = bench.JoinForToken(1);
        bench.Join(2);
        _ = (bench.Told, bench.Calls);
        bench.Do(static host => host.Drop(HostBench.At(1)));
        Assert.Equal(TimeSpan.FromSeconds(10), bench.Host.NextDue);
        bench.Advance(10_000);
        Assert.Equal("p1 Dropped; p1 Left", bench.Told);
        Assert.Equal("dropped p1; left p1 TimedOut", bench.Calls);
        Assert.Equal(RoomError.Forbidden, Assert.IsType<RequestRefused>(bench.Join(3, token: token)).Error);
    }

    [Fact]
    public void Without_grace_a_lost_connection_is_a_player_that_left()
    {
        var bench = new HostBench(static options => options.Grace = TimeSpan.Zero);
        bench.Join(1);
        bench.Join(2);
        _ = (bench.Told, bench.Calls);
        bench.Do(static host => host.Drop(HostBench.At(1)));
        Assert.Equal("p1 Left", bench.Told);
        Assert.Equal("left p1 TimedOut", bench.Calls);
    }

    [Fact]
    public void All_players_of_a_lost_node_are_dropped()
    {
        var bench = new HostBench();
        bench.Join(1);
        bench.Ask(static (host, request) => host.Join(request, new JoinInput(HostBench.At(1, node: 2))));
        bench.Join(3);
        _ = (bench.Told, bench.Calls);
        bench.Do(static host => host.DropNode(1));
        Assert.Equal("dropped p1; dropped p3", bench.Calls);
    }

    [Fact]
    public void Reserved_seat_is_nobody_elses_until_its_time_is_over()
    {
        var bench = new HostBench(static options => options.MaxPlayers = 2);
        bench.Join(1);
        var token = Assert.IsType<SeatReserved>(bench.Reserve()).Token;
        Assert.Equal(RoomError.RoomFull, Assert.IsType<RequestRefused>(bench.Join(2)).Error);
        Assert.Equal(RoomError.RoomFull, Assert.IsType<RequestRefused>(bench.Reserve()).Error);
        bench.Advance(14_999);
        Assert.IsType<RequestRefused>(bench.Join(2));
        bench.Advance(1);
        Assert.Equal(RoomError.Forbidden, Assert.IsType<RequestRefused>(bench.Join(2, token: token)).Error);
        Assert.IsType<PlayerSeated>(bench.Join(2));
    }

    [Fact]
    public void Reserved_seat_is_taken_by_its_token_or_its_user_even_in_a_locked_room()
    {
        var bench = new HostBench();
        bench.Join(1);
        var token = Assert.IsType<SeatReserved>(bench.Reserve()).Token;
        bench.Reserve("ann");
        InTurn(bench, static context => context.Lock());
        Assert.False(Assert.IsType<PlayerSeated>(bench.Join(2, token: token)).HasReturned);
        Assert.False(Assert.IsType<PlayerSeated>(bench.Join(3, user: "ann")).HasReturned);
        bench.Advance(60_000);
        Assert.Equal(3, bench.Outputs.OfType<ListingChanged>().Last().Listing.Players);
    }

    /// <summary>Requests are repeated until they are answered.</summary>
    [Fact]
    public void Reservation_that_is_repeated_is_the_same_seat()
    {
        var bench = new HostBench();
        var request = new RequestId(9, 9);
        bench.Do(host => host.Reserve(request, null));
        bench.Do(host => host.Reserve(request, null));
        Assert.Single(bench.Outputs.OfType<SeatReserved>().Select(static reserved => reserved.Token).Distinct());
        Assert.Equal(1, bench.Outputs.OfType<ListingChanged>().Last().Listing.Players);
    }

    [Fact]
    public void Refused_reservation_leaves_a_free_seat()
    {
        var bench = new HostBench(static options => options.MaxPlayers = 1);
        var token = Assert.IsType<SeatReserved>(bench.Reserve()).Token;
        bench.Script.Refusal = "no";
        Assert.Equal(RoomError.RoomRefused, Assert.IsType<RequestRefused>(bench.Join(1, token: token)).Error);
        Assert.True(bench.Host.Phase == RoomPhase.Ended);
    }

    [Fact]
    public void Spectators_have_seats_of_their_own_and_may_only_watch()
    {
        var bench = new HostBench(static options => (options.MaxPlayers, options.MaxSpectators) = (1, 1));
        bench.Join(1);
        _ = bench.Told;
        Assert.True(Assert.IsType<PlayerSeated>(bench.Join(2, asSpectator: true)).Player.IsSpectator);
        Assert.Equal("", bench.Told);
        Assert.Equal(RoomError.RoomFull, Assert.IsType<RequestRefused>(bench.Join(3, asSpectator: true)).Error);
        Assert.Equal(RoomError.Forbidden, Assert.IsType<RequestRefused>(bench.Send(2)).Error);
        Assert.Equal(RoomError.Forbidden, Assert.IsType<RequestRefused>(bench.Call(2)).Error);
        Assert.IsType<StateShown>(bench.Ask(static (host, request) => host.Sync(request, HostBench.At(2))));
        _ = bench.Calls;
        bench.Do(static host => host.Drop(HostBench.At(2)));
        Assert.Equal("left p2 TimedOut", bench.Calls);
    }

    [Fact]
    public void Kicked_player_is_told_and_has_no_seat_when_the_turn_is_over()
    {
        var bench = new HostBench();
        bench.Join(1);
        bench.Join(2);
        _ = (bench.Told, bench.Calls);
        InTurn(bench, static context =>
        {
            var player = context.Find("p1")!;
            context.Kick(player);
            context.Kick(player);
            Assert.Contains(player, context.Players);
        });
        Assert.Equal("Kicked 1; p1 Left", bench.Told);
        Assert.Equal("left p1 Kicked", bench.Calls);
        Assert.Equal(RoomError.Forbidden, Assert.IsType<RequestRefused>(bench.Send(1)).Error);
    }

    [Fact]
    public void Kicked_player_is_told_when_a_snapshot_says_so_too()
    {
        var bench = new HostBench();
        bench.Join(1);
        bench.Join(2);
        _ = bench.Told;
        bench.SavesAtOnce = false;
        bench.Script.On["message"] = static (context, player) => context.Kick(player!);
        bench.Host.Send(default, HostBench.At(1), "", RoomData.None);
        Assert.Equal("", bench.Told);
        bench.Save();
        Assert.Equal("Kicked 1; p1 Left", bench.Told);
    }

    [Fact]
    public void Leaving_is_answered_also_where_there_is_no_seat()
    {
        var bench = new HostBench();
        bench.Join(1);
        bench.Join(2);
        _ = (bench.Told, bench.Calls);
        for (var time = 0; time < 2; time++)
        {
            Assert.Equal(RemovalReason.Left, Assert.IsType<PlayerRemoved>(bench.Ask(static (host, request) => host.Leave(request, HostBench.At(1)))).Reason);
        }

        Assert.Equal("p1 Left", bench.Told);
        Assert.Equal("left p1 Left", bench.Calls);
    }

    [Fact]
    public void Empty_room_ends_and_a_new_one_waits_for_somebody()
    {
        var waiting = new HostBench();
        waiting.Advance(14_999);
        Assert.Equal(RoomPhase.Running, waiting.Host.Phase);
        waiting.Advance(1);
        Assert.Equal("ended", waiting.Told);

        var left = new HostBench();
        left.Join(1);
        left.Do(static host => host.Leave(default, HostBench.At(1)));
        Assert.Equal("p1 Joined; p1 Left; ended", left.Told);
        Assert.Null(left.Host.NextDue);
    }

    [Fact]
    public void Empty_room_sleeps_where_its_kind_says_so_and_time_stands_still()
    {
        var bench = new HostBench(static options => (options.EmptyRooms, options.StepRate) = (EmptyRooms.Sleep, 10));
        bench.Join(1);
        bench.Do(static host => host.Leave(default, HostBench.At(1)));
        Assert.Equal(RoomPhase.Asleep, bench.Host.Phase);
        Assert.EndsWith("slept", bench.Told, StringComparison.Ordinal);
        Assert.Null(bench.Host.NextDue);
        bench.Advance(3_600_000);
        _ = bench.Calls;
        bench.Join(2);
        bench.Advance(100);
        Assert.Equal("joined p2; step 1 at 100", bench.Calls);
    }

    /// <summary>Snapshots are turns too, and need nobody who sends something.</summary>
    private static void InTurn(HostBench bench, Action<RoomContext> turn)
    {
        bench.Script.On["snapshot"] = (context, _) => turn(context);
        bench.Save();
        bench.Script.On.Remove("snapshot");
    }
}
