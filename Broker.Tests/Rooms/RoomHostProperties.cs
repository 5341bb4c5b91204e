using Broker.Rooms;
using Broker.Rooms.Hosting;

namespace Broker.Tests.Rooms;

/// <summary>Whatever happens in whatever order: never more players than seats, no seat for two, every request answered once.</summary>
public sealed class RoomHostProperties
{
    private const int MaxPlayers = 4;
    private const int MaxSpectators = 2;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Random_operations_keep_seats_and_answers_right(int seed)
    {
        var run = new RandomRun(seed);
        for (var count = 0; count < 10_000; count++)
        {
            run.Step();
        }

        run.Finish();
    }

    private static void Configure(RoomOptions options)
    {
        (options.MaxPlayers, options.MaxSpectators, options.StepRate) = (MaxPlayers, MaxSpectators, 5);
        (options.Grace, options.EmptyRooms, options.MaxFailures) = (TimeSpan.FromSeconds(5), EmptyRooms.Sleep, 100);
    }

    private sealed class RandomRun
    {
        private readonly Random _random;
        private readonly HostBench _bench = new(Configure);
        private readonly Dictionary<RequestId, Action<RoomOutput>> _asked = [];
        private readonly List<(string Token, string? User, string Player)> _tokens = [];
        private readonly HashSet<RequestId> _answered = [];

        /// <summary>Who is on which connection, by what clients were told.</summary>
        private readonly Dictionary<RoomConnection, string> _there = [];
        private readonly HashSet<string> _players = [];

        /// <summary>Nobody is there any more, whatever is still on its way.</summary>
        private readonly HashSet<RoomConnection> _closed = [];
        private int _lastConnection;
        private int _restored;
        private bool _throws;

        public RandomRun(int seed)
        {
            _random = new Random(seed);
            _bench.SavesAtOnce = false;
            _bench.Script.On["message"] = (_, _) => Throw();
            _bench.Script.On["joined"] = (context, player) =>
            {
                Assert.InRange(context.Players.Count, 0, MaxPlayers);
                Assert.InRange(context.Spectators.Count, 0, MaxSpectators);
                Throw();
            };
            _bench.Script.On["call"] = (context, player) =>
            {
                if (_random.Next(4) == 0)
                {
                    context.Kick(context.Players[_random.Next(context.Players.Count)]);
                }
            };
        }

        public void Step()
        {
            _throws = _random.Next(60) == 0;
            var connection = HostBench.At(_random.Next(Math.Max(1, _lastConnection - 8), _lastConnection + 1));
            switch (_random.Next(16))
            {
                case 0 or 1 or 2: Join(); break;
                case 3: _bench.Host.Reserve(Asked(output => Reserved(output, null)), null); break;
                case 4: _bench.Host.Send(Asked(), connection, "m", RoomData.None); break;
                case 5: _bench.Host.Call(Asked(), connection, "m", RoomData.None); break;
                case 6: _bench.Host.Sync(Asked(), connection); break;
                case 7: _bench.Host.Leave(Asked(), connection); _closed.Add(connection); break;
                case 8: _bench.Host.Drop(connection); _closed.Add(connection); break;
                case 9 or 10 or 11: _bench.Advance(_random.Next(1_500)); break;
                case 12: Announce(); break;
                case 13 when _random.Next(10) == 0: _bench.Host.Suspend(); break;
                case 14: _bench.Host.Resume(); break;
                default: break;
            }

            if (_random.Next(3) == 0)
            {
                _bench.Save();
            }

            if (_random.Next(400) == 0)
            {
                Move();
            }

            Look();
        }

        public void Finish()
        {
            _throws = false;
            _bench.Host.Resume();
            _bench.Save();
            Look();
            Assert.True(_asked.Count == 0, $"{_asked.Count} requests without an answer");
            Assert.True(_answered.Count > 4_000);
            Assert.True(_restored > 5);
            Assert.Contains(_bench.Reports, static report => report is RoomFailed);
        }

        private void Join()
        {
            var connection = HostBench.At(++_lastConnection);
            var user = _random.Next(3) == 0 ? "user" + _random.Next(3) : null;
            var token = _random.Next(3) == 0 && _tokens.Count > 0 ? _tokens[_random.Next(_tokens.Count)].Token : null;
            var input = new JoinInput(connection, user) { Token = token, AsSpectator = _random.Next(5) == 0 };
            _bench.Host.Join(Asked(output => Joined(output, user)), input);
        }

        private void Announce()
        {
            if (_tokens.Count > 0)
            {
                var (token, _, _) = _tokens[_random.Next(_tokens.Count)];
                _bench.Host.Announce(Asked(), HostBench.At(++_lastConnection), token);
            }
        }

        /// <summary>The node dies after a snapshot was kept; who asked is told by the lanes.</summary>
        private void Move()
        {
            _throws = false;
            _bench.Host.Resume();
            _bench.Save();
            Look();
            if (_bench.Host.Phase is RoomPhase.Ended || _asked.Count > 0)
            {
                return;
            }

            Assert.Equal(SnapshotRefusal.None, _bench.Restore(_bench.LastSnapshot!.Bytes));
            _restored++;
            _there.Clear();
        }

        private void Throw()
        {
            if (_throws)
            {
                throw new InvalidOperationException("no");
            }
        }

        private RequestId Asked(Action<RoomOutput>? then = null)
        {
            var request = _bench.NextRequest();
            _asked.Add(request, then ?? (static _ => { }));
            return request;
        }

        private void Joined(RoomOutput output, string? user)
        {
            if (output is PlayerSeated seated)
            {
                Assert.DoesNotContain(_tokens, token => token.Token == seated.Token && token.Player.Length > 0 && token.Player != seated.Player.Id);
                _tokens.RemoveAll(token => token.Token == seated.Token);
                _tokens.Add((seated.Token, user, seated.Player.Id));
            }
        }

        private void Reserved(RoomOutput output, string? user)
        {
            if (output is SeatReserved reserved)
            {
                Assert.DoesNotContain(_tokens, token => token.Token == reserved.Token);
                _tokens.Add((reserved.Token, user, ""));
            }
        }

        private void Look()
        {
            foreach (var output in _bench.Outputs)
            {
                if (!output.Request.IsNone && _answered.Add(output.Request))
                {
                    // The first request made the room.
                    if (_asked.Remove(output.Request, out var then))
                    {
                        then(output);
                    }
                }
                else
                {
                    Assert.True(output.Request.IsNone, $"{output} is a second answer");
                }

                Follow(output);
            }

            _bench.Outputs.Clear();
            _closed.ToList().ForEach(connection => _there.Remove(connection));
            Assert.InRange(_players.Count, 0, MaxPlayers);
        }

        private void Follow(RoomOutput output)
        {
            switch (output)
            {
                case PlayerSeated seated:
                    Assert.DoesNotContain(_there, there => there.Value == seated.Player.Id && there.Key != seated.Connection && !_closed.Contains(there.Key));
                    _there[seated.Connection] = seated.Player.Id;
                    break;
                case PlayerRemoved removed: _there.Remove(removed.Connection); break;
                case PlayerChanged { Change: PlayerChange.Joined } changed: Assert.True(_players.Add(changed.Player.Id)); break;
                case PlayerChanged { Change: PlayerChange.Left } changed: Assert.True(_players.Remove(changed.Player.Id)); break;
                case ListingChanged changed: Assert.InRange(changed.Listing.Players, 0, MaxPlayers); Assert.InRange(changed.Listing.Spectators, 0, MaxSpectators); break;
                case RoomEnded: _there.Clear(); break;
                default: break;
            }
        }
    }
}
