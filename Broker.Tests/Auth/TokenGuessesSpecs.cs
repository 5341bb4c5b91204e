using System.Net;
using Broker.Node.Auth;
using Broker.Tests.Support;

namespace Broker.Tests.Auth;

public sealed class TokenGuessesSpecs
{
    private static readonly IPAddress Attacker = IPAddress.Parse("203.0.113.7");

    [Fact]
    public void Ten_bad_tokens_in_a_minute_are_enough()
    {
        var time = TokenForge.Clock();
        var guesses = new TokenGuesses(time);
        for (var i = 0; i < 10; i++)
        {
            Assert.True(guesses.MayTry(Attacker));
            guesses.Failed(Attacker);
            time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.False(guesses.MayTry(Attacker));
        Assert.True(guesses.MayTry(IPAddress.Parse("203.0.113.8")));
        time.Advance(TimeSpan.FromSeconds(49));
        Assert.False(guesses.MayTry(Attacker));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(guesses.MayTry(Attacker));
        guesses.Failed(Attacker);
        Assert.False(guesses.MayTry(Attacker));
    }

    [Fact]
    public void Bad_token_now_and_then_is_no_guessing()
    {
        var time = TokenForge.Clock();
        var guesses = new TokenGuesses(time);
        for (var i = 0; i < 100; i++)
        {
            guesses.Failed(Attacker);
            time.Advance(TimeSpan.FromSeconds(7));
            Assert.True(guesses.MayTry(Attacker));
        }
    }

    [Fact]
    public void Addresses_are_forgotten_after_a_minute()
    {
        var time = TokenForge.Clock();
        var guesses = new TokenGuesses(time);
        guesses.Failed(Attacker);
        time.Advance(TimeSpan.FromSeconds(30));
        guesses.Failed(Attacker);
        guesses.Failed(IPAddress.Loopback);
        Assert.Equal(2, guesses.Count);
        time.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal(2, guesses.Count);
        time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(0, guesses.Count);
    }

    [Fact]
    public void Memory_is_bounded_however_many_addresses_guess()
    {
        var guesses = new TokenGuesses(TokenForge.Clock());
        for (var i = 0; i < 100_000; i++)
        {
            guesses.Failed(new IPAddress(i));
        }

        Assert.InRange(guesses.Count, 60_000, 65_536);
    }
}
