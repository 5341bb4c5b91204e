using System.Text.Json;
using Broker.Rooms;

namespace Broker.Node.Rooms.Kinds;

/// <summary>Three in a row, for two players and whoever watches.</summary>
/// <remarks>
/// Calls: <c>move</c> {cell: 0 to 8, row by row}, and <c>rematch</c>, which begins a new round when both have called it; the other one begins. Event
/// <c>board</c>, with the state: {board, x, o, turn, winner, line, over}. Board is nine of <c>.</c>, <c>x</c> and <c>o</c>; the others are ids of
/// players or null, line the three cells that won. Who leaves a round loses it.
/// </remarks>
public sealed class TicTacToeRoom : Room
{
    private static readonly int[][] Lines = [[0, 1, 2], [3, 4, 5], [6, 7, 8], [0, 3, 6], [1, 4, 7], [2, 5, 8], [0, 4, 8], [2, 4, 6]];

    private TicTacToeState _state = new();

    /// <summary>Two players, 100 spectators; a minute to come back.</summary>
    public static void Configure(RoomOptions options)
    {
        options.MaxPlayers = 2;
        options.MaxSpectators = 100;
        options.Grace = TimeSpan.FromMinutes(1);
    }

    public override void Joined(RoomPlayer player)
    {
        if (player.IsSpectator)
        {
            return;
        }

        _state = _state.X is null ? _state with { X = player.Id } : _state with { O = player.Id };
        if (_state is { X: { } x, O: { } o })
        {
            Begin(Context.Random.Next(2) == 0 ? x : o);
        }

        Show();
    }

    public override void Left(RoomPlayer player, LeaveReason reason)
    {
        if (player.IsSpectator)
        {
            return;
        }

        var other = player.Id == _state.X ? _state.O : _state.X;
        if (_state.Turn is not null)
        {
            _state = _state with { Turn = null, Winner = other, Over = true };
        }

        _state = player.Id == _state.X ? _state with { X = null, Rematch = null } : _state with { O = null, Rematch = null };
        Show();
    }

    public override CallAnswer Call(RoomPlayer player, string method, RoomData data) => method switch
    {
        "move" => Move(player, data),
        "rematch" => Rematch(player),
        _ => base.Call(player, method, data),
    };

    public override RoomData State(RoomPlayer viewer) => Shown();

    public override ReadOnlyMemory<byte> Snapshot() => KindJson.Write(_state).Bytes;

    public override void Restore(ReadOnlyMemory<byte> snapshot, int version) => _state = KindJson.Read<TicTacToeState>(snapshot);

    private CallAnswer Move(RoomPlayer player, RoomData data)
    {
        if (_state.Turn != player.Id)
        {
            return CallAnswer.Failed(_state.Turn is null ? "no round is on" : "not your turn");
        }

        if (KindJson.TryRead(data) is not { ValueKind: JsonValueKind.Object } asked
            || !asked.TryGetProperty("cell", out var number) || number.ValueKind != JsonValueKind.Number || !number.TryGetInt32(out var cell) || cell is < 0 or > 8)
        {
            return CallAnswer.Failed("needs a cell, 0 to 8");
        }

        if (_state.Board[cell] != '.')
        {
            return CallAnswer.Failed("taken");
        }

        var mark = player.Id == _state.X ? 'x' : 'o';
        var board = string.Concat(_state.Board.AsSpan(0, cell), [mark], _state.Board.AsSpan(cell + 1));
        var line = Array.Find(Lines, cells => Array.TrueForAll(cells, one => board[one] == mark));
        var isOver = line is not null || !board.Contains('.', StringComparison.Ordinal);
        _state = _state with
        {
            Board = board,
            Line = line,
            Over = isOver,
            Winner = line is null ? null : player.Id,
            Turn = isOver ? null : mark == 'x' ? _state.O : _state.X,
        };
        Show();
        return CallAnswer.Result();
    }

    private CallAnswer Rematch(RoomPlayer player)
    {
        if (!_state.Over || _state is not { X: { } x, O: { } o })
        {
            return CallAnswer.Failed(_state.Over ? "nobody to play with" : "the round is not over");
        }

        if (_state.Rematch is { } first && first != player.Id)
        {
            Begin(_state.First == x ? o : x);
        }
        else
        {
            _state = _state with { Rematch = player.Id };
        }

        Show();
        return CallAnswer.Result();
    }

    private void Begin(string first) => _state = new TicTacToeState { X = _state.X, O = _state.O, First = first, Turn = first };

    private void Show() => Context.Send("board", Shown());

    private RoomData Shown() =>
        KindJson.Write(new { board = _state.Board, x = _state.X, o = _state.O, turn = _state.Turn, winner = _state.Winner, line = _state.Line, over = _state.Over });

    private sealed record TicTacToeState
    {
        public string Board { get; init; } = ".........";

        public string? X { get; init; }

        public string? O { get; init; }

        /// <summary>Who began the round.</summary>
        public string? First { get; init; }

        /// <summary>Null: no round is on.</summary>
        public string? Turn { get; init; }

        public string? Winner { get; init; }

        public IReadOnlyList<int>? Line { get; init; }

        public bool Over { get; init; }

        /// <summary>Who wants to play again.</summary>
        public string? Rematch { get; init; }
    }
}
