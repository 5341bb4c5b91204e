using System.Net;
using System.Text.Json;
using Broker.Node;
using Broker.Node.Configuration.Options;
using Broker.Node.Connections;
using Broker.Protocol.Wire;
using Broker.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Broker.Tests.Connections;

/// <summary>Whatever an application's hook does, there is one verdict.</summary>
public sealed class HookCallsSpecs
{
    private static readonly HookRequest.Publish Request = new("ada", "1-1", IPAddress.Loopback, "a", "1"u8.ToArray(), WireFormat.Json);

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Methods_that_are_not_implemented_are_not_asked()
    {
        Assert.False(Calls(new Nothing()).Any);
        var calls = Calls(new Nothing(), new Publishing(static (_, _) => new(HookAnswer.Allow)));
        Assert.Equal((false, false, true, true), (calls.AsksConnect, calls.AsksSubscribe, calls.AsksPublish, calls.Any));
        Assert.True(Calls(new Explicit()).AsksSubscribe);
    }

    [Fact]
    public void Answer_that_is_there_comes_at_once()
    {
        Assert.Equal(default, Now(Calls(new Publishing(static (_, _) => new(HookAnswer.Allow))).PublishAsync(Request, CancellationToken.None)));
        Assert.Equal(new HookVerdict(ErrorCode.Forbidden, "no"), Now(Calls(new Publishing(static (_, _) => new(HookAnswer.Refuse("no")))).PublishAsync(Request, CancellationToken.None)));
    }

    [Fact]
    public void First_that_refuses_decides_and_the_others_are_not_asked()
    {
        var asked = 0;
        var calls = Calls(new Publishing((_, _) => Answer(HookAnswer.Allow)), new Publishing((_, _) => Answer(HookAnswer.Refuse("second"))), new Publishing((_, _) => Answer(HookAnswer.Refuse("third"))));
        Assert.Equal(new HookVerdict(ErrorCode.Forbidden, "second"), Now(calls.PublishAsync(Request, CancellationToken.None)));
        Assert.Equal(2, asked);

        ValueTask<HookAnswer> Answer(HookAnswer answer)
        {
            asked++;
            return new(answer);
        }
    }

    [Fact]
    public async Task Hook_that_does_not_answer_in_time_is_told_so()
    {
        var cancelled = new TaskCompletionSource();
        var verdict = Calls(new Publishing((_, cancellation) =>
        {
            cancellation.Register(cancelled.SetResult);
            return new(new TaskCompletionSource<HookAnswer>().Task);
        })).PublishAsync(Request, CancellationToken.None).AsTask();
        _time.Advance(TimeSpan.FromSeconds(4.9));
        Assert.False(verdict.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(0.1));

        Assert.Equal(new HookVerdict(ErrorCode.Unavailable), await verdict.WaitAsync(Deadline.Cancel));
        await cancelled.Task.WaitAsync(Deadline.Cancel);
    }

    [Fact]
    public async Task Hook_whose_client_has_gone_is_told_so()
    {
        using var gone = new CancellationTokenSource();
        var cancelled = new TaskCompletionSource();
        var verdict = Calls(new Publishing((_, cancellation) =>
        {
            cancellation.Register(cancelled.SetResult);
            return new(new TaskCompletionSource<HookAnswer>().Task);
        })).PublishAsync(Request, gone.Token).AsTask();
        Assert.False(verdict.IsCompleted);
        await gone.CancelAsync();

        await cancelled.Task.WaitAsync(Deadline.Cancel);
        await verdict.WaitAsync(Deadline.Cancel);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_a_hook_does_when_it_is_told_holds_up_no_verdict(bool blocks)
    {
        using var end = new ManualResetEventSlim();
        var verdict = Calls(new Publishing((_, cancellation) =>
        {
            cancellation.Register(() =>
            {
                if (!blocks)
                {
                    throw new InvalidOperationException();
                }

                end.Wait();
            });
            return new(new TaskCompletionSource<HookAnswer>().Task);
        })).PublishAsync(Request, CancellationToken.None).AsTask();
        _time.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal(new HookVerdict(ErrorCode.Unavailable), await verdict.WaitAsync(Deadline.Cancel));
        end.Set();
    }

    [Fact]
    public async Task Hook_that_fails_in_any_way_is_an_internal_error()
    {
        Func<ValueTask<HookAnswer>>[] failures =
        [
            static () => throw new InvalidOperationException(),
            static () => ValueTask.FromException<HookAnswer>(new TimeoutException()),
            static () => ValueTask.FromCanceled<HookAnswer>(new CancellationToken(canceled: true)),
            static () => new((HookAnswer)null!),
            static async () =>
            {
                await Task.Yield();
                throw new OperationCanceledException();
            },
        ];
        foreach (var failure in failures)
        {
            Assert.Equal(new HookVerdict(ErrorCode.Internal), await Calls(new Publishing((_, _) => failure())).PublishAsync(Request, CancellationToken.None));
        }
    }

    [Fact]
    public void Rights_and_info_of_a_connection_are_checked()
    {
        var good = Connect(ConnectAnswer.Accept with { Rights = new RightsOptions { Subscribe = ["a.*"], History = ["h.*"], Presence = ["p.*"], Deny = new RightsOptions { History = ["h.x"], Presence = ["p.x"] } }, Info = JsonElement.Parse("""{"name":"Ada"}""") });
        Assert.True(good.Rights!.MaySubscribe("a.b"u8));
        Assert.True(good.Rights.MayReadHistory("h.b"u8) && good.Rights.MaySeePresence("p.b"u8));
        Assert.False(good.Rights.MayReadHistory("h.x"u8) || good.Rights.MaySeePresence("p.x"u8) || good.Rights.MayReadHistory("a.b"u8));
        Assert.Equal("""{"name":"Ada"}"""u8.ToArray(), good.Info.ToArray());
        Assert.Equal(ErrorCode.Internal, Connect(ConnectAnswer.Accept with { Rights = new RightsOptions { Publish = ["a..b"] } }).Error);
        Assert.Equal(ErrorCode.Internal, Connect(ConnectAnswer.Accept with { Info = JsonElement.Parse($"\"{new string('x', 1024)}\"") }).Error);
        Assert.Equal(ErrorCode.Internal, Connect(ConnectAnswer.Accept with { Info = default(JsonElement) }).Error);
        Assert.Equal(ErrorCode.Internal, Connect(ConnectAnswer.Accept with { Info = Closed() }).Error);
        Assert.Equal(ErrorCode.Internal, Connect(ConnectAnswer.Accept with { Rights = new RightsOptions { History = ["a..b"] } }).Error);
        Assert.Equal(ErrorCode.Internal, Connect(ConnectAnswer.Accept with { Rights = new RightsOptions { Presence = ["a..b"] } }).Error);
        Assert.Equal(ErrorCode.Internal, Connect(ConnectAnswer.Accept with { Rights = new RightsOptions { Subscribe = null! } }).Error);
        Assert.Equal(new HookVerdict(ErrorCode.Forbidden, "later"), Connect(ConnectAnswer.Refuse("later")));

        HookVerdict Connect(ConnectAnswer answer) => Now(Calls(new Connecting(answer)).ConnectAsync(new HookRequest.Connect("ada", "1-1", IPAddress.Loopback), CancellationToken.None));
    }

    [Fact]
    public void Data_of_either_format_is_read_as_JSON()
    {
        Assert.Equal("[1]", (Request with { Data = "[1]"u8.ToArray() }).ToJson().GetRawText());
        Assert.Equal("[1,\"a\"]", (Request with { Data = new byte[] { 0x92, 0x01, 0xA1, (byte)'a' }, Format = WireFormat.MessagePack }).ToJson().GetRawText());
        Assert.Throws<JsonException>(() => (Request with { Data = new byte[] { 0xC1 }, Format = WireFormat.MessagePack }).ToJson());
    }

    private static JsonElement Closed()
    {
        using var document = JsonDocument.Parse("{}");
        return document.RootElement;
    }

    private HookCalls Calls(params IBrokerHooks[] hooks) => new(hooks, TimeSpan.FromSeconds(5), _time, SilentLog.Connections);

    private static HookVerdict Now(ValueTask<HookVerdict> asked)
    {
        Assert.True(asked.IsCompletedSuccessfully);
        return asked.Result;
    }

    private sealed class Nothing : IBrokerHooks;

    private sealed class Explicit : IBrokerHooks
    {
        ValueTask<HookAnswer> IBrokerHooks.OnSubscribeAsync(HookRequest.Subscribe request, CancellationToken cancellationToken) => new(HookAnswer.Allow);
    }

    private sealed class Connecting(ConnectAnswer answer) : IBrokerHooks
    {
        public ValueTask<ConnectAnswer> OnConnectAsync(HookRequest.Connect request, CancellationToken cancellationToken) => new(answer);
    }

    private sealed class Publishing(Func<HookRequest.Publish, CancellationToken, ValueTask<HookAnswer>> answer) : IBrokerHooks
    {
        public ValueTask<HookAnswer> OnPublishAsync(HookRequest.Publish request, CancellationToken cancellationToken) => answer(request, cancellationToken);
    }
}
