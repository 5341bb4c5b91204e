using System.Text.Json;
using Broker.Tests.Support;

namespace Broker.Tests.Hostile;

public sealed class MessageSpecs(FakeNode shared) : IClassFixture<FakeNode>
{
    private readonly HostileNode _node = shared.Node;

    private static CancellationToken Cancel => Deadline.Cancel;

    public static TheoryData<string, string> Unparsable => new()
    {
        { "nonsense", "invalid_json" },
        { "", "invalid_json" },
        { "{}{}", "invalid_json" },
        { "{\"type\":\"ping\",}", "invalid_json" },
        { "\uFEFF{\"type\":\"ping\"}", "invalid_json" },
        { "{\"type\":\"ping\"}//", "invalid_json" },
        { "{\"type\":\"pi", "invalid_json" },
        { "[]", "invalid_message" },
        { "null", "invalid_message" },
        { "1", "invalid_message" },
        { "\"ping\"", "invalid_message" },
        { "{}", "invalid_message" },
        { "[[]]", "invalid_message" },
        { "{\"type\":1}", "invalid_message" },
        { "{\"type\":null}", "invalid_message" },
    };

    public static TheoryData<string, string> Refused => new()
    {
        { """{"type":"dance","id":1}""", "unknown_type" },
        { """{"type":"subscribe","id":1}""", "invalid_message" },
        { """{"type":"subscribe","topic":1,"id":1}""", "invalid_message" },
        { """{"type":"subscribe","topic":null,"id":1}""", "invalid_message" },
        { """{"type":"publish","topic":"t","id":1}""", "invalid_message" },
        { """{"type":"publish","topic":"t","data":1,"echo":"no","id":1}""", "invalid_message" },
        { """{"type":"subscribe","topic":"","id":1}""", "invalid_topic" },
        { """{"type":"subscribe","topic":"a..b","id":1}""", "invalid_topic" },
        { """{"type":"subscribe","topic":"a/b","id":1}""", "invalid_topic" },
        { """{"type":"subscribe","topic":"a b","id":1}""", "invalid_topic" },
        { """{"type":"subscribe","topic":"a.","id":1}""", "invalid_topic" },
        { """{"type":"subscribe","topic":".a","id":1}""", "invalid_topic" },
        { """{"type":"subscribe","topic":"a ","id":1}""", "invalid_topic" },
        { """{"type":"subscribe","topic":"a/../b","id":1}""", "invalid_topic" },
        { """{"type":"subscribe","topic":"a%2eb","id":1}""", "invalid_topic" },
        { """{"type":"subscribe","topic":"a\u200b","id":1}""", "invalid_topic" },
        { """{"type":"subscribe","topic":"e\u0301","id":1}""", "invalid_topic" },
        { """{"type":"subscribe","topic":"a\u0000","id":1}""", "invalid_topic" },
        { """{"type":"subscribe","topic":"\u202ea","id":1}""", "invalid_topic" },
        { $$"""{"type":"subscribe","topic":"{{new string('a', 256)}}","id":1}""", "invalid_topic" },
        { """{"type":"publish","topic":"a.*","data":1,"id":1}""", "invalid_topic" },
        { """{"type":"unsubscribe","topic":"a..b","id":1}""", "invalid_topic" },
        { """{"type":"unsubscribe","topic":"$","id":1}""", "invalid_topic" },
        { """{"type":"unsubscribe","topic":"$a..b","id":1}""", "invalid_topic" },
        { """{"type":"unsubscribe","topic":"$$a","id":1}""", "invalid_topic" },
        { """{"type":"unsubscribe","topic":"$a\u0007\u001b[2J","id":1}""", "invalid_topic" },
        { $$"""{"type":"unsubscribe","topic":"${{new string('a', 255)}}","id":1}""", "invalid_topic" },
        { $$"""{"type":"unsubscribe","topic":"${{new string('a', 60_000)}}","id":1}""", "invalid_topic" },
        { """{"type":"publish","topic":"$user","data":1,"id":1}""", "forbidden" },
        { """{"type":"publish","topic":"$SYS.x","data":1,"id":1}""", "forbidden" },
        { """{"type":"subscribe","topic":"$user","id":1}""", "forbidden" },
        { """{"type":"subscribe","topic":"$anything","id":1}""", "forbidden" },
        { """{"type":"subscribe","topic":"t","token":"x","id":1}""", "invalid_token" },
    };

    [Theory]
    [MemberData(nameof(Unparsable))]
    public async Task Five_messages_that_cannot_be_parsed_are_abuse(string text, string code)
    {
        foreach (var cut in Segmentation.OfRun)
        {
            await using var socket = await _node.ClientAsync();
            for (var i = 0; i < 5; i++)
            {
                await HostileNode.SendUntilCutAsync(socket, cut(TestFrame.Text(text)));
                var error = await HostileNode.ReadErrorAsync(socket, code);
                Assert.Equal(code == "invalid_json" ? "Invalid JSON" : "Invalid message format", error.GetProperty("error").GetString());
            }

            await HostileNode.ReadAsync(socket, "disconnecting");
            await HostileNode.ClosesAsync(socket, 1008, "abuse");
        }

        var times = Segmentation.OfRun.Count;
        await _node.HasCountedAsync($"broker.abuse unparsable = {times}", $"broker.connections.closed 1008 abuse = {times}", $"broker.requests.refused {code} = {5 * times}");
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task A_bad_request_is_an_error_under_its_id_and_the_connection_stays(string text, string code)
    {
        foreach (var cut in Segmentation.OfRun)
        {
            await using var socket = await _node.ClientAsync();
            await HostileNode.SendUntilCutAsync(socket, cut(TestFrame.Text(text)));
            var error = await HostileNode.ReadErrorAsync(socket, code);
            Assert.Equal(1, error.GetProperty("id").GetInt32());

            // What cannot be a topic for its length alone is not sent back.
            Assert.True(!error.TryGetProperty("topic", out var topic) || topic.GetString()!.Length <= 255, $"{code}: {error}");
            await HostileNode.RoundTripAsync(socket);
            await HostileNode.LeaveAsync(socket);
        }

        var times = Segmentation.OfRun.Count;
        string[] token = code == "invalid_token" ? [$"broker.tokens.refused invalid = {times}"] : [];
        await _node.HasCountedAsync([$"broker.requests.refused {code} = {times}", .. token]);
    }

    public static TheoryData<string> Bombs => new()
    {
        new string('[', 10_000),
        string.Concat(Enumerable.Repeat("{\"a\":", 10_000)),
        """{"type":"publish","topic":"t","data":""" + new string('[', 64) + new string(']', 64) + "}",
        """{"type":"publish","topic":"t","topic":"u","data":1}""",
        """{"type":"publish","topic":"t","data":{"a":1,"a":2}}""",
        """{"type":"publish","topic":"t","\u0074opic":"u","data":1}""",
        """{"type":"publish","topic":"\ud800","data":1}""",
        new string('1', 60_000),
        "{" + string.Join(',', Enumerable.Range(0, 6_000).Select(static i => $"\"{i}\":1")) + "}",
        """{"type":"subscribe","topic":"t","id":""" + "\"" + new string('i', 60_000) + "\"}",
        """{"type":"subscribe","topic":"t","id":-1}""",
        """{"type":"subscribe","topic":"t","id":9007199254740992}""",
        """{"type":"subscribe","topic":"t","id":1e400}""",
    };

    [Theory]
    [MemberData(nameof(Bombs))]
    public async Task What_two_parsers_could_read_differently_is_refused(string text)
    {
        var codes = new List<string?>();
        foreach (var cut in Segmentation.OfRun)
        {
            await using var socket = await _node.ClientAsync();
            await HostileNode.SendUntilCutAsync(socket, cut(TestFrame.Text(text)));
            codes.Add((await HostileNode.ReadAsync(socket, "error")).GetProperty("code").GetString());
            await HostileNode.RoundTripAsync(socket);
            await HostileNode.LeaveAsync(socket);
        }

        var code = Assert.Single(codes.Distinct());
        Assert.True(code is "invalid_json" or "invalid_message", code);
        await _node.HasCountedAsync($"broker.requests.refused {code} = {codes.Count}");
    }

    [Fact]
    public async Task Depth_64_is_data()
    {
        await using var socket = await _node.ClientAsync();
        await socket.SendTextAsync("""{"type":"publish","topic":"t","id":1,"data":""" + new string('[', 63) + new string(']', 63) + "}", Cancel);
        await HostileNode.ReadAsync(socket, "published");
        await HostileNode.LeaveAsync(socket);
        await _node.HasCountedAsync();
    }

    [Fact]
    public async Task An_array_is_answered_one_by_one_and_its_errors_stay_its_own()
    {
        await using var socket = await _node.ClientAsync();
        await socket.SendTextAsync("""[{"type":"subscribe","topic":"t","id":1},7,{"type":"dance","id":2},{"type":"publish","topic":"t","data":[1],"id":3}]""", Cancel);

        // The lane's answers keep their order, and so do the connection's own.
        var answers = new List<string>();
        while (answers.Count < 5)
        {
            answers.Add(await socket.ReceiveTextAsync(Cancel));
        }

        string[] lane = ["subscribed", "published", "[1]"];
        string[] own = ["invalid_message", "unknown_type"];
        Assert.Equal(lane, answers.Select(answer => lane.FirstOrDefault(part => answer.Contains(part, StringComparison.Ordinal))).OfType<string>());
        Assert.Equal(own, answers.Select(answer => own.FirstOrDefault(part => answer.Contains(part, StringComparison.Ordinal))).OfType<string>());
        await HostileNode.LeaveAsync(socket);
        await _node.HasCountedAsync("broker.requests.refused invalid_message = 1", "broker.requests.refused unknown_type = 1");
    }

    [Fact]
    public async Task Subscribing_twice_and_unsubscribing_what_is_not_subscribed_are_answered()
    {
        await using var socket = await _node.ClientAsync();
        foreach (var (request, reply) in new[] { ("subscribe", "subscribed"), ("subscribe", "subscribed"), ("unsubscribe", "unsubscribed"), ("unsubscribe", "unsubscribed") })
        {
            await socket.SendTextAsync($$"""{"type":"{{request}}","topic":"twice","id":1}""", Cancel);
            await HostileNode.ReadAsync(socket, reply);
            await socket.SendTextAsync($$"""{"type":"publish","topic":"twice","data":1,"id":2}""", Cancel);
            await HostileNode.ReadAsync(socket, "published");
            if (request == "subscribe")
            {
                await HostileNode.ReadAsync(socket, "message");
            }
        }

        await HostileNode.LeaveAsync(socket);
        await _node.HasCountedAsync();
    }

    [Theory]
    [InlineData("$user")]
    [InlineData("$a.b:c@d-e_f")]
    [InlineData("$a.*")]
    [InlineData("a.>")]
    public async Task Whatever_could_be_subscribed_can_be_unsubscribed(string topic)
    {
        await using var socket = await _node.ClientAsync();
        await socket.SendTextAsync($$"""{"type":"unsubscribe","topic":"{{topic}}","id":1}""", Cancel);
        Assert.Equal(topic, (await HostileNode.ReadAsync(socket, "unsubscribed")).GetProperty("topic").GetString());
        await HostileNode.LeaveAsync(socket);
        await _node.HasCountedAsync();
    }

    [Fact]
    public async Task The_129th_subscription_is_one_too_many_and_the_others_stay()
    {
        await _node.AdvanceAsync(TimeSpan.FromSeconds(5));
        await using var socket = await _node.ClientAsync();
        for (var i = 0; i < 128; i++)
        {
            await socket.SendTextAsync($$"""{"type":"subscribe","topic":"t.{{i}}","id":1}""", Cancel);
            await HostileNode.ReadAsync(socket, "subscribed");
        }

        await _node.AdvanceAsync(TimeSpan.FromSeconds(5));
        await socket.SendTextAsync("""{"type":"subscribe","topic":"t.128","id":1}""", Cancel);
        await HostileNode.ReadErrorAsync(socket, "limit_exceeded");
        await socket.SendTextAsync("""{"type":"subscribe","topic":"t.0","id":1}""", Cancel);
        await HostileNode.ReadAsync(socket, "subscribed");
        await socket.SendTextAsync("""{"type":"publish","topic":"t.127","data":1}""", Cancel);
        await HostileNode.ReadAsync(socket, "message");
        await HostileNode.LeaveAsync(socket);
        await _node.HasCountedAsync("broker.requests.refused limit_exceeded = 1");
    }

    [Fact]
    public async Task Subscriptions_by_the_thousand_in_one_frame_are_taken_up_to_the_burst()
    {
        await _node.AdvanceAsync(TimeSpan.FromSeconds(5));
        await using var socket = await _node.ClientAsync();
        await socket.SendTextAsync("[" + string.Join(',', Enumerable.Range(0, 1500).Select(static i => $$"""{"type":"subscribe","topic":"m.{{i}}"}""")) + "]", Cancel);
        for (var refused = 0; refused < 1500 - 128;)
        {
            var message = JsonDocument.Parse(await socket.ReceiveTextAsync(Cancel)).RootElement;
            if (message.GetProperty("type").GetString() == "error")
            {
                Assert.Equal("rate_limited", message.GetProperty("code").GetString());
                Assert.True(message.GetProperty("retryAfter").GetInt64() > 0);
                refused++;
            }
        }

        await socket.SendTextAsync("""{"type":"publish","topic":"m.127","data":"last"}""", Cancel);
        await socket.ReceiveUntilAsync(static frame => frame.Text.Contains("\"last\"", StringComparison.Ordinal), Cancel);
        await HostileNode.LeaveAsync(socket);
        await _node.HasCountedAsync("broker.requests.refused rate_limited = 1372");
    }

    [Fact]
    public async Task Names_that_differ_in_case_are_different_topics()
    {
        await using var socket = await _node.ClientAsync();
        await socket.SendTextAsync("""{"type":"subscribe","topic":"Case","id":1}""", Cancel);
        await HostileNode.ReadAsync(socket, "subscribed");
        await socket.SendTextAsync("""[{"type":"publish","topic":"case","data":1},{"type":"publish","topic":"Case","data":2}]""", Cancel);
        Assert.Equal(2, (await HostileNode.ReadAsync(socket, "message")).GetProperty("data").GetInt32());
        await HostileNode.LeaveAsync(socket);
        await _node.HasCountedAsync();
    }

    [Fact]
    public async Task Twenty_refusals_within_ten_seconds_are_abuse()
    {
        await using var socket = await _node.ClientAsync();
        for (var i = 0; i < 20; i++)
        {
            await socket.SendTextAsync("""{"type":"subscribe","topic":"$other"}""", Cancel);
            await HostileNode.ReadErrorAsync(socket, "forbidden");
        }

        await HostileNode.ReadAsync(socket, "disconnecting");
        await HostileNode.ClosesAsync(socket, 1008, "abuse");
        await _node.HasCountedAsync("broker.abuse forbidden = 1", "broker.connections.closed 1008 abuse = 1", "broker.requests.refused forbidden = 20");
    }

    [Fact]
    public async Task Nineteen_refusals_every_ten_seconds_are_none()
    {
        await using var socket = await _node.ClientAsync();
        for (var round = 0; round < 2; round++)
        {
            for (var i = 0; i < 19; i++)
            {
                await socket.SendTextAsync("""{"type":"publish","topic":"$other","data":1}""", Cancel);
                await HostileNode.ReadErrorAsync(socket, "forbidden");
            }

            await _node.AdvanceAsync(TimeSpan.FromSeconds(10));
        }

        await HostileNode.RoundTripAsync(socket);
        await HostileNode.LeaveAsync(socket);
        await _node.HasCountedAsync("broker.requests.refused forbidden = 38");
    }
}
