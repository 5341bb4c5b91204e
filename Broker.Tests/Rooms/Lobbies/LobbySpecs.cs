using Broker.Node.Lanes;
using Broker.Node.Rooms;
using Broker.Protocol.Wire;

namespace Broker.Tests.Rooms.Lobbies;

/// <summary>How a seat is found.</summary>
public sealed class LobbySpecs
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public void Search_without_rooms_has_one_made_and_a_seat_kept_there()
    {
        var lobby = new LobbyProbe(1);
        lobby.Take(new LobbyAsk(LobbyProbe.Kind, 1, 5, LobbyAskKind.Find) { Options = "{}"u8.ToArray(), Seats = 4, MayCreate = true, User = "ann" });
        var made = lobby.Answer();
        Assert.Equal((RoomInputKind.Create, LobbyProbe.Kind, "{}", 7u), (made.Kind, made.RoomKind, System.Text.Encoding.UTF8.GetString(made.Options.Span), made.Node));
        Assert.True(RoomId.TryReadKind(made.Room, out _));

        var reserved = lobby.Answer();
        Assert.Equal((RoomInputKind.Reserve, made.Room, "ann"), (reserved.Kind, reserved.Room, reserved.User));
        var reply = lobby.NextTold<LobbyReply>();
        Assert.Equal((5L, ErrorCode.None, made.Room, $"t{reserved.Number}"), (reply.Number, reply.Error, reply.Room, reply.Token));
        lobby.AssertNothingAsked();
    }

    [Fact]
    public void Search_that_may_make_nothing_finds_nothing_where_nothing_is()
    {
        var lobby = new LobbyProbe(1);
        lobby.Take(new LobbyAsk(LobbyProbe.Kind, 1, 5, LobbyAskKind.Find) { Seats = 4 });
        Assert.Equal(ErrorCode.RoomNotFound, lobby.NextTold<LobbyReply>().Error);
        lobby.AssertNothingAsked();
    }

    [Fact]
    public void Search_goes_to_the_fullest_room_that_matches()
    {
        var lobby = new LobbyProbe(1, 2);
        lobby.Show(1, new ShownRoom("race-a", LobbyProbe.Listing(1, ("map", "x"))), new ShownRoom("race-b", LobbyProbe.Listing(4, ("map", "x"))));
        lobby.Show(2, new ShownRoom("race-c", LobbyProbe.Listing(2, ("map", "x"), ("mode", "fast"))), new ShownRoom("race-d", LobbyProbe.Listing(3, ("map", "y"))));
        lobby.Find(("map", "x"));
        Assert.Equal("race-c", lobby.NextAsked().Room);
        lobby.Find(("map", "y"));
        Assert.Equal("race-d", lobby.NextAsked().Room);
        lobby.Find(("mode", "fast"), ("map", "x"));
        Assert.Equal("race-c", lobby.NextAsked().Room);
        lobby.Find(("mode", "fast"), ("map", "y"));
        Assert.Equal(RoomInputKind.Create, lobby.NextAsked().Kind);
    }

    [Theory]
    [InlineData(ErrorCode.RoomFull)]
    [InlineData(ErrorCode.RoomRefused)]
    [InlineData(ErrorCode.RoomNotFound)]
    [InlineData(ErrorCode.Unavailable)]
    public void Room_that_refuses_is_followed_by_the_next_and_then_by_a_new_one(ErrorCode error)
    {
        var lobby = new LobbyProbe(1);
        lobby.Show(1, new ShownRoom("race-a", LobbyProbe.Listing(3)), new ShownRoom("race-b", LobbyProbe.Listing(2)));
        lobby.Find();
        Assert.Equal("race-a", lobby.Answer(error).Room);
        Assert.Equal("race-b", lobby.Answer(error).Room);
        Assert.Equal(RoomInputKind.Create, lobby.Answer().Kind);
        lobby.Answer();
        Assert.Equal(ErrorCode.None, lobby.NextTold<LobbyReply>().Error);

        // Nobody else tries them at once.
        lobby.Find();
        Assert.NotEqual("race-a", lobby.NextAsked().Room);
    }

    [Fact]
    public void Room_that_was_not_to_be_had_is_asked_again_a_second_later()
    {
        var lobby = new LobbyProbe(1);
        lobby.Show(1, "race-a", LobbyProbe.Listing(3));
        lobby.Find();
        lobby.Answer(ErrorCode.Unavailable);
        lobby.NextAsked();
        lobby.Advance(Second);
        while (lobby.NextAsked().Kind != RoomInputKind.Create)
        {
        }

        lobby.Find();
        Assert.Equal("race-a", lobby.NextAsked().Room);
    }

    [Fact]
    public void Search_that_rooms_refuse_again_and_again_is_refused_itself()
    {
        var lobby = new LobbyProbe(1);
        lobby.Find();
        for (var made = 0; made < 2; made++)
        {
            Assert.Equal(RoomInputKind.Create, lobby.Answer().Kind);
            Assert.Equal(RoomInputKind.Reserve, lobby.Answer(ErrorCode.RoomRefused).Kind);
        }

        Assert.Equal(ErrorCode.RoomRefused, lobby.NextTold<LobbyReply>().Error);
        lobby.AssertNothingAsked();
    }

    [Fact]
    public void Searches_wait_for_the_room_that_is_being_made_until_it_would_be_full()
    {
        var lobby = new LobbyProbe(1);
        for (var search = 0; search < 5; search++)
        {
            lobby.Find(("map", "x"));
        }

        lobby.Find(("map", "y"));
        RoomInput[] made = [lobby.NextAsked(), lobby.NextAsked(), lobby.NextAsked()];
        lobby.AssertNothingAsked();
        Assert.All(made, static input => Assert.Equal(RoomInputKind.Create, input.Kind));
        lobby.Answer(made[0]);
        Assert.All([lobby.Answer(), lobby.Answer(), lobby.Answer(), lobby.Answer()], input => Assert.Equal(made[0].Room, input.Room));
        lobby.AssertNothingAsked();

        // What was made for a search matches it, though it shows nothing of that.
        lobby.Answer(made[1]);
        Assert.Equal(made[1].Room, lobby.Answer().Room);
        lobby.Show(1, made[1].Room, LobbyProbe.Listing(1, ("map", "z")));
        lobby.Find(("map", "x"));
        Assert.Equal(made[1].Room, lobby.NextAsked().Room);
    }

    [Fact]
    public void Searches_for_a_room_that_could_not_be_made_wait_for_another()
    {
        var lobby = new LobbyProbe(1);
        lobby.Find();
        lobby.Find();
        var first = lobby.Answer(ErrorCode.Unavailable);
        var second = lobby.Answer();
        Assert.NotEqual(first.Room, second.Room);
        Assert.Equal((second.Room, second.Room), (lobby.Answer().Room, lobby.Answer().Room));
        lobby.AssertNothingAsked();
    }

    [Fact]
    public void Seat_is_asked_for_under_the_same_number_until_it_is_answered()
    {
        var lobby = new LobbyProbe(1);
        lobby.Show(1, "race-a", LobbyProbe.Listing(0));
        lobby.Find();
        var first = lobby.NextAsked();
        lobby.Advance(Second);
        Assert.Equal(first, lobby.NextAsked());
        lobby.Advance(Second / 2);
        lobby.AssertNothingAsked();
        lobby.Answer(first);
        lobby.Answer(first);
        lobby.NextTold<LobbyReply>();
        lobby.AssertNothingTold();
        lobby.Advance(Second);
        lobby.AssertNothingAsked();
    }

    [Fact]
    public void Search_without_an_answer_is_unavailable_after_15_seconds_and_its_seat_is_taken()
    {
        var lobby = new LobbyProbe(1);
        lobby.Show(1, "race-a", LobbyProbe.Listing(3));
        lobby.Find();
        var first = lobby.NextAsked();
        for (var second = 0; second < 15; second++)
        {
            lobby.AssertNothingTold();
            lobby.Advance(Second);
        }

        Assert.Equal(ErrorCode.Unavailable, lobby.NextTold<LobbyReply>().Error);
        lobby.Answer(first);
        lobby.AssertNothingTold();
        while (lobby.NextAsked() is { } again && again.Room == "race-a")
        {
            lobby.Find();
        }
    }

    [Fact]
    public void Room_that_nobody_makes_is_not_waited_for_any_longer()
    {
        var lobby = new LobbyProbe(1);
        lobby.Find();
        for (var second = 0; second < 15; second++)
        {
            lobby.NextAsked();
            lobby.Advance(Second);
        }

        Assert.Equal(ErrorCode.Unavailable, lobby.NextTold<LobbyReply>().Error);
        Assert.Equal(0, lobby.Lobby.Count);
    }

    [Fact]
    public void Asking_again_begins_no_second_search_and_is_answered_alike()
    {
        var lobby = new LobbyProbe(1);
        var ask = lobby.Find();
        lobby.Take(ask);
        lobby.Answer();
        lobby.Answer();
        lobby.AssertNothingAsked();
        var reply = lobby.NextTold<LobbyReply>();
        lobby.Take(ask);
        Assert.Equal(reply, lobby.NextTold<LobbyReply>());
    }

    [Fact]
    public void Search_that_is_not_wanted_any_more_leaves_its_place_to_others()
    {
        var lobby = new LobbyProbe(1);
        LobbyAsk[] asks = [lobby.Find(), lobby.Find(), lobby.Find(), lobby.Find()];
        lobby.Take(asks[0] with { What = LobbyAskKind.Forget });
        lobby.Find();
        lobby.Answer();
        Assert.Single(Enumerable.Range(0, 4).Select(_ => lobby.Answer().Room).Distinct());
        lobby.AssertNothingAsked();
        Assert.Equal([2, 3, 4, 5], Enumerable.Range(0, 4).Select(_ => lobby.NextTold<LobbyReply>().Number));
        lobby.AssertNothingTold();
    }

    [Fact]
    public void Locked_and_private_rooms_are_neither_found_nor_listed()
    {
        var lobby = new LobbyProbe(1);
        lobby.Show(1, new ShownRoom("race-a", LobbyProbe.Listing(0) with { IsLocked = true }), new ShownRoom("race-b", LobbyProbe.Listing(0) with { IsPrivate = true }), new ShownRoom("race-c", LobbyProbe.Listing(4)));
        lobby.Take(new LobbyAsk(LobbyProbe.Kind, 1, 1000, LobbyAskKind.Find) { Seats = 4 });
        Assert.Equal(ErrorCode.RoomNotFound, lobby.NextTold<LobbyReply>().Error);
        lobby.Ask(LobbyAskKind.List);
        Assert.Equal(["race-c"], lobby.NextTold<LobbyReply>().Rooms.Select(static room => room.Room));
        Assert.Equal(["race-c"], lobby.Listed.Keys);

        lobby.Show(1, new ShownRoom("race-c", LobbyProbe.Listing(4) with { IsLocked = true }), new ShownRoom("race-a", LobbyProbe.Listing(0)));
        Assert.Equal(["race-a"], lobby.Listed.Keys);
        lobby.Find();
        Assert.Equal("race-a", lobby.NextAsked().Room);
    }

    [Fact]
    public void More_requests_than_the_lobby_keeps_are_unavailable()
    {
        var lobby = new LobbyProbe(1);
        for (var search = 0; search < 20_000; search++)
        {
            lobby.Find();
        }

        lobby.AssertNothingTold();
        lobby.Find();
        Assert.Equal(ErrorCode.Unavailable, lobby.NextTold<LobbyReply>().Error);
        lobby.Wait();
        Assert.Equal(ErrorCode.Unavailable, lobby.NextTold<LobbyReply>().Error);
    }

    [Fact]
    public void Search_among_100000_rooms_looks_at_those_with_its_rarest_pair()
    {
        var lobby = new LobbyProbe(1);
        for (var batch = 0; batch < 100; batch++)
        {
            lobby.Show(1, [.. Enumerable.Range(batch * 1000, 1000).Select(static room => new ShownRoom($"race-{room}", LobbyProbe.Listing(0, ("mode", "fast"), ("map", $"m{room % 50_000}"))))]);
        }

        // A look at each room would be a thousand million looks.
        var watch = System.Diagnostics.Stopwatch.StartNew();
        for (var search = 0; search < 10_000; search++)
        {
            lobby.Find(("mode", "fast"), ("map", $"m{search}"));
            Assert.Equal($"race-{search}", lobby.NextAsked().Room);
        }

        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(10));
    }
}
