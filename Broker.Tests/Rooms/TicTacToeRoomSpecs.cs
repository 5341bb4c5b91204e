using System.Text.Json;
using Broker.Node.Rooms.Kinds;
using Broker.Rooms.Hosting;
using Broker.Rooms.Testing;

namespace Broker.Tests.Rooms;

public sealed class TicTacToeRoomSpecs
{
    private readonly RoomTester _room = RoomTester.For<TicTacToeRoom>(TicTacToeRoom.Configure).Create();

    [Fact]
    public void Round_begins_with_the_second_player()
    {
        var ann = _room.Join();
        Assert.Equal("no round is on", Move(ann, 0));
        var bob = _room.Join();
        Assert.Contains(Board(ann).GetProperty("turn").GetString(), new[] { ann.Id, bob.Id });
        Assert.Equal(RoomError.RoomFull, _room.Join().Refusal!.Error);
    }

    [Theory]
    [InlineData("0 3 1 4 2", "x", "0,1,2")]
    [InlineData("0 1 3 2 6", "x", "0,3,6")]
    [InlineData("0 1 4 2 8", "x", "0,4,8")]
    [InlineData("0 2 1 4 3 6", "o", "2,4,6")]
    [InlineData("0 1 2 4 3 5 7 6 8", null, null)]
    public void Round_ends_with_three_in_a_row_or_a_full_board(string cells, string? winner, string? line)
    {
        var (first, second) = Start();
        var (mover, other) = (first, second);
        foreach (var cell in cells.Split(' '))
        {
            Assert.Null(Move(mover, int.Parse(cell, System.Globalization.CultureInfo.InvariantCulture)));
            (mover, other) = (other, mover);
        }

        var board = Board(first);
        Assert.True(board.GetProperty("over").GetBoolean());
        Assert.Null(board.GetProperty("turn").GetString());
        Assert.Equal(winner switch { null => null, "x" => first.Id, _ => second.Id }, board.GetProperty("winner").GetString());
        Assert.Equal(line, board.GetProperty("line").ValueKind == JsonValueKind.Null ? null : string.Join(',', board.GetProperty("line").EnumerateArray()));
        Assert.Equal("no round is on", Move(mover, 5));
    }

    [Theory]
    [InlineData("{\"cell\":9}")]
    [InlineData("{\"cell\":-1}")]
    [InlineData("{\"cell\":1.5}")]
    [InlineData("{\"cell\":\"1\"}")]
    [InlineData("{}")]
    [InlineData("[1]")]
    [InlineData("nonsense")]
    [InlineData(null)]
    public void Move_that_is_none_is_refused(string? data)
    {
        var (first, _) = Start();
        Assert.Equal("needs a cell, 0 to 8", first.Call("move", data).FailureReason);
        Assert.Empty(_room.Reports);
    }

    [Fact]
    public void Turns_and_cells_are_checked()
    {
        var (first, second) = Start();
        Assert.Equal("not your turn", Move(second, 0));
        Assert.Null(Move(first, 0));
        Assert.Equal("not your turn", Move(first, 1));
        Assert.Equal("taken", Move(second, 0));
        Assert.Equal("unknown method", first.Call("cheat").FailureReason);
    }

    [Fact]
    public void Spectators_see_the_board_and_cannot_move()
    {
        var (first, _) = Start();
        Move(first, 4);
        var eve = _room.Join(asSpectator: true);
        Assert.Equal(Board(first).GetRawText(), eve.State.Text);
        Assert.Equal("Forbidden", Move(eve, 0));
        Assert.Equal("the round is not over", first.Call("rematch").FailureReason);
    }

    [Fact]
    public void Rematch_begins_when_both_want_it_and_the_other_one_begins()
    {
        var (first, second) = Start();
        foreach (var (player, cell) in new[] { (first, 0), (second, 3), (first, 1), (second, 4), (first, 2) })
        {
            Move(player, cell);
        }

        Assert.Null(first.Call("rematch").FailureReason);
        Assert.Null(first.Call("rematch").FailureReason);
        Assert.True(Board(first).GetProperty("over").GetBoolean());
        Assert.Null(second.Call("rematch").FailureReason);
        Assert.Equal((".........", second.Id), (Board(first).GetProperty("board").GetString(), Board(first).GetProperty("turn").GetString()));
    }

    [Fact]
    public void Who_leaves_loses_and_another_may_come()
    {
        var (first, second) = Start();
        Move(first, 0);
        first.Leave();
        Assert.Equal(second.Id, Board(second).GetProperty("winner").GetString());
        Assert.Equal("nobody to play with", second.Call("rematch").FailureReason);
        var next = _room.Join();
        Assert.Equal(".........", Board(next).GetProperty("board").GetString());
        Assert.NotNull(Board(next).GetProperty("turn").GetString());
    }

    [Fact]
    public void Round_goes_on_after_a_crash()
    {
        var (first, second) = Start();
        Move(first, 0);
        var before = second.Texts("board")[^1];
        _room.CrashAndRestore();
        Assert.Equal(before, second.State.Text);
        Assert.Equal("not your turn", Move(first, 1));
        Assert.Null(Move(second, 1));
    }

    [Fact]
    public void It_is_a_function_of_what_it_is_given() => Assert.True(RoomTester.IsDeterministic<TicTacToeRoom>(
        static room =>
        {
            var (ann, bob) = (room.Create().Join(), room.Join());
            Move(ann, 1);
            Move(bob, 2);
            Move(ann, 3);
        },
        TicTacToeRoom.Configure));

    private static string? Move(TestPlayer player, int cell) => player.Call("move", $$"""{"cell":{{cell}}}""").FailureReason;

    private static JsonElement Board(TestPlayer player) => JsonElement.Parse(player.Sync().Text);

    /// <summary>Who begins, and the other.</summary>
    private (TestPlayer First, TestPlayer Second) Start()
    {
        var (ann, bob) = (_room.Join(), _room.Join());
        return Board(ann).GetProperty("turn").GetString() == ann.Id ? (ann, bob) : (bob, ann);
    }
}
