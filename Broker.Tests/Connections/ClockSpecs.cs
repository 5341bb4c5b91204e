using Broker.Protocol.Wire;
using Broker.Tests.Hostile;
using Broker.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Broker.Tests.Connections;

/// <summary>A node whose clock is wrong: what it then says to good tokens, and that a right one accepts none for longer.</summary>
public sealed class ClockSpecs
{
    private static readonly TimeSpan TenMinutes = TimeSpan.FromMinutes(10);

    [Fact]
    public void A_node_ten_minutes_ahead_calls_tokens_expired_that_end_before_its_time()
    {
        Assert.Equal(ErrorCode.TokenExpired, At(TenMinutes, life: 300));
        Assert.Equal(ErrorCode.None, At(TenMinutes, life: 3600));
    }

    [Fact]
    public void A_node_ten_minutes_behind_calls_tokens_invalid_that_were_issued_after_its_time()
    {
        Assert.Equal(ErrorCode.InvalidToken, At(-TenMinutes, life: 3600));
        using var validator = TokenForge.Validator(time: Clock(-TenMinutes));
        Assert.Equal(ErrorCode.None, validator.Validate(TokenForge.Hs256(TokenForge.Claims(("iat", "")))).Error);
        Assert.Equal(ErrorCode.InvalidToken, validator.Validate(TokenForge.Hs256(TokenForge.Claims(("iat", ""), ("nbf", $"{TokenForge.Now}")))).Error);
    }

    [Theory]
    [InlineData(29.9, ErrorCode.None)]
    [InlineData(30, ErrorCode.TokenExpired)]
    public void A_node_whose_clock_is_right_accepts_none_beyond_its_end_and_the_skew(double seconds, ErrorCode expected) =>
        Assert.Equal(expected, At(TimeSpan.FromSeconds(3600 + seconds), life: 3600));

    [Fact]
    public async Task A_clock_that_is_set_forward_ends_connections_whose_tokens_are_over_in_a_second()
    {
        var clock = new SettableClock();
        await using var node = await HostileNode.StartAsync(TokenNode.Config, clock, TokenNode.Token("canary"));
        await using var socket = await node.ClientAsync(TokenForge.Hs256(TokenForge.Payload));
        await node.AdvanceAsync(TimeSpan.FromSeconds(5));
        Assert.Equal(3, node.ConnectionActors());

        // The wall's clock says so, and nothing that lasts has moved.
        clock.Offset = TimeSpan.FromHours(2);
        await node.AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(4001, (await HostileNode.ReadAsync(socket, "disconnecting")).GetProperty("code").GetInt32());
        await HostileNode.ClosesAsync(socket, 4001, "token expired");
        await node.IsUnharmedAsync();
    }

    private static ErrorCode At(TimeSpan offset, long life)
    {
        using var validator = TokenForge.Validator(time: Clock(offset));
        return validator.Validate(TokenForge.Hs256(TokenForge.Claims(("exp", $"{TokenForge.Now + life}")))).Error;
    }

    private static FakeTimeProvider Clock(TimeSpan offset) => new(DateTimeOffset.FromUnixTimeSeconds(TokenForge.Now) + offset);

    /// <summary>Its wall clock may be set; timers and timestamps do not notice.</summary>
    private sealed class SettableClock() : FakeTimeProvider(DateTimeOffset.FromUnixTimeSeconds(TokenForge.Now))
    {
        public TimeSpan Offset { get; set; }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Offset;

        public override long GetTimestamp() => base.GetUtcNow().Ticks;
    }
}
