using System.Net;
using System.Text.Json;
using System.Threading.Channels;
using Akka.Actor;
using Akka.TestKit.Xunit;
using Broker.Node.Auth;
using Broker.Node.Configuration.Options;
using Broker.Node.Connections;
using Broker.Node.Delivery;
using Broker.Node.Lanes;
using Broker.Node.Rooms;
using Broker.Node.Rooms.Kinds;
using Broker.Node.Topics;
using Broker.Protocol.Wire;
using Broker.Rooms;
using Broker.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Broker.Tests.Connections;

/// <summary>Clients of a node with the kinds <c>race</c> and <c>go</c>, whose lanes and lobby only show what they were asked.</summary>
public abstract class RoomSessions : TestKit
{
    private protected const string Random = "-0123456789abcdef0123456789abcdef";

    private protected static readonly RightsOptions Everything = new() { Subscribe = [">"], Rooms = new RoomRightsOptions { Create = ["*"], Join = ["*"] } };

    private readonly FakeTimeProvider _time = TokenForge.Clock();
    private readonly TokenGate _tokens;
    private readonly BrokerOptions _options;
    private long _lastId;

    protected RoomSessions()
    {
        _options = new BrokerOptions
        {
            Auth = TokenForge.Options(),
            Limits = new LimitOptions { Rooms = 3, Message = 1024 * 1024 },
            UserTopic = new UserTopicOptions { Enabled = false },
        };
        _tokens = new TokenGate(TokenForge.Validator(_options.Auth, _time), new TokenGuesses(_time), Rights.None, Metrics);
    }

    private protected FakeTimeProvider Time => _time;

    private protected static CancellationToken Cancellation => Deadline.Cancel;

    private protected RecordingLanes Lanes { get; } = new();

    private protected RecordingLobby Lobby { get; } = new();

    private protected RightsTable Changes { get; } = new();

    private protected Broker.Node.Diagnostics.BrokerMetrics Metrics { get; } = RecordedMetrics.Unobserved();

    private protected async Task<LinesTransport> ConnectAsync(RightsOptions? rights = null, string? user = null, bool hasKinds = true, bool hasLobby = true, TimeSpan? silence = null)
    {
        Assert.True(Rights.TryCreate(rights ?? Everything, out var own, out _));
        var kinds = hasKinds ? new RoomKinds().Add<TicTacToeRoom>("race").Add<TicTacToeRoom>("go").Add<TicTacToeRoom>("tick", static options => options.StepRate = 2) : new RoomKinds();
        var quotas = new Quotas(_options, _time);
        var services = new ConnectionServices(_options, new NodeIdentity("1", "node"), _tokens, new TopicRules(_options), quotas, Lanes, Metrics, SilentLog.Connections, _time)
        {
            Kinds = kinds,
            Lobby = hasLobby ? Lobby : null,
            Rights = Changes,
        };
        Changes.Changed += changed =>
        {
            if (quotas.Users.TryFind(changed, out var connections))
            {
                connections.Tell(UserRightsChanged.Instance);
            }
        };
        var identity = new Identity(user, own, null, default);
        var transport = new LinesTransport(++_lastId, new UpgradedRequest(WireFormat.Json, IPAddress.Loopback, identity), _time) { LongestSilence = silence ?? TimeSpan.MaxValue };
        Sys.ActorOf(Props.Create(() => new ConnectionsActor(services))).Tell(transport, ActorRefs.NoSender);
        Assert.StartsWith("{\"type\":\"welcome\"", await transport.ReadAsync(Cancellation), StringComparison.Ordinal);
        return transport;
    }

    /// <summary>What comes of a request that asks nothing of a lane or the lobby: of an error the code.</summary>
    private protected static async Task<string> AnswerAsync(LinesTransport client, string request)
    {
        await client.SendAsync(request);
        var line = await client.ReadAsync(Cancellation);
        var answer = JsonDocument.Parse(line!).RootElement;
        return answer.GetProperty("type").GetString() == "error" ? answer.GetProperty("code").GetString()! : line!;
    }

    private protected async Task<RoomCommand> PostedAsync(LinesTransport client, string request)
    {
        await client.SendAsync(request);
        var command = await Lanes.RoomAsync();
        command.Complete();
        return command;
    }

    /// <summary>A client with a seat in the room, which has been asked for.</summary>
    private protected async Task<(LinesTransport Client, RoomCommand Join)> SeatedAsync(string room = "race" + Random, RightsOptions? rights = null, string? user = null)
    {
        var client = await ConnectAsync(rights, user);
        return (client, await PostedAsync(client, $$"""{"type":"room.join","room":"{{room}}","id":1}"""));
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        _tokens.Dispose();
    }

    /// <summary>A lobby that does nothing but show what it was asked.</summary>
    private protected sealed class RecordingLobby : IRoomLobby
    {
        private readonly Channel<(string What, LobbyRequest Request)> _asked = Channel.CreateUnbounded<(string, LobbyRequest)>();
        private readonly Channel<(long Connection, string Kind)> _forgotten = Channel.CreateUnbounded<(long, string)>();

        public void Find(LobbyRequest request) => _asked.Writer.TryWrite(("find", request));

        public void List(LobbyRequest request) => _asked.Writer.TryWrite(("list", request));

        public void Wait(LobbyRequest request) => _asked.Writer.TryWrite(("wait", request));

        public void Forget(long connection, string kind) => _forgotten.Writer.TryWrite((connection, kind));

        public async Task<LobbyRequest> NextAsync(string what)
        {
            var (asked, request) = await _asked.Reader.ReadAsync(Cancellation);
            Assert.Equal(what, asked);
            return request;
        }

        public async Task<(long Connection, string Kind)> ForgottenAsync() => await _forgotten.Reader.ReadAsync(Cancellation);

        public void AssertIdle() => Assert.False(_asked.Reader.TryPeek(out _));
    }
}
