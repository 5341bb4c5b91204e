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
            Assert.False(guesses.IsSuspect(Attacker));
            guesses.Failed(Attacker);
            time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.True(guesses.IsSuspect(Attacker));
        Assert.False(guesses.IsSuspect(IPAddress.Parse("203.0.113.8")));
        time.Advance(TimeSpan.FromSeconds(49));
        Assert.True(guesses.IsSuspect(Attacker));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(guesses.IsSuspect(Attacker));
        guesses.Failed(Attacker);
        Assert.True(guesses.IsSuspect(Attacker));
    }

    [Fact]
    public void Verifications_for_a_suspect_have_a_bound_a_second()
    {
        var time = TokenForge.Clock();
        var guesses = new TokenGuesses(time);
        for (var i = 0; i < 10; i++)
        {
            guesses.Failed(Attacker);
        }

        for (var second = 0; second < 3; second++)
        {
            for (var i = 0; i < TokenGuesses.Verifications; i++)
            {
                Assert.True(guesses.TryVerify(Attacker));
            }

            Assert.False(guesses.TryVerify(Attacker));
            Assert.True(guesses.TryVerify(IPAddress.Parse("203.0.113.8")));
            time.Advance(TimeSpan.FromSeconds(1));
        }
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
            Assert.False(guesses.IsSuspect(Attacker));
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
