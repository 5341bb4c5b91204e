using System.Net;
using System.Security.Cryptography;
using Broker.Node.Auth;
using Broker.Node.Configuration.Options;
using Broker.Protocol.Wire;
using Broker.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Broker.Tests.Auth;

/// <summary>An address that guesses: what of it is still read, and how much that may cost.</summary>
public sealed class TokenGateSpecs : IDisposable
{
    private static readonly IPAddress Address = IPAddress.Parse("203.0.113.7");

    private readonly ECDsa _private = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly FakeTimeProvider _time = TokenForge.Clock();
    private readonly TokenGate _gate;

    public TokenGateSpecs()
    {
        var key = new AuthKeyOptions { Algorithm = "ES256", PublicKey = _private.ExportSubjectPublicKeyInfoPem() };
        _gate = new TokenGate(TokenForge.Validator(TokenForge.Options(key, TokenForge.Hs()), _time), new TokenGuesses(_time), Rights.None, RecordedMetrics.Unobserved());
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal((ErrorCode.InvalidToken, false), Try("guess"));
        }
    }

    private string Dear => TokenForge.Sign("""{"alg":"ES256"}""", TokenForge.Payload, input => _private.SignData(input, HashAlgorithmName.SHA256));

    private static string Cheap => TokenForge.Hs256(TokenForge.Payload);

    [Fact]
    public void Good_token_is_taken_and_a_bad_one_is_throttled()
    {
        Assert.Equal((ErrorCode.InvalidToken, true), Try("guess"));
        Assert.Equal((ErrorCode.None, false), Try(Cheap));
        Assert.Equal((ErrorCode.None, false), Try(Dear));
        Assert.Equal((ErrorCode.TokenExpired, false), Try(TokenForge.Hs256(TokenForge.Claims(("iat", $"{TokenForge.Now - 60}"), ("exp", $"{TokenForge.Now - 31}")))));
        Assert.Equal("too many bad tokens of its address: its signature is not that of the HS256 key of broker.auth.keys", _gate.Validate(TokenForge.Hs256(TokenForge.Payload, secret: new string('x', 64)), Address).Why);
    }

    [Fact]
    public void Grants_are_judged_alike()
    {
        var grant = TokenForge.Hs256(TokenForge.Claims(("broker", """{"subscribe":["a"]}""")));
        Assert.Equal(ErrorCode.None, _gate.ValidateGrant(grant, "alice", Address).Error);
        Assert.Equal("too many bad tokens of its address: its sub is another than this connection's", _gate.ValidateGrant(grant, "bob", Address).Why);
        Assert.Equal((ErrorCode.InvalidToken, "too many bad tokens of its address: the connection has no user"), (_gate.ValidateGrant(grant, null, Address).Error, _gate.ValidateGrant(grant, null, Address).Why));
    }

    [Fact]
    public void Public_keys_verify_50_signatures_a_second_and_shared_secrets_all()
    {
        var forged = Dear[..^8] + "AAAAAAAA";
        for (var i = 0; i < TokenGuesses.Verifications; i++)
        {
            Assert.Equal((ErrorCode.InvalidToken, true), Try(forged));
        }

        Assert.Equal((ErrorCode.InvalidToken, true), Try(Dear));
        Assert.Equal("too many bad tokens of its address: its signature is not verified", _gate.Validate(Dear, Address).Why);
        Assert.Equal(ErrorCode.None, _gate.Validate(Dear, IPAddress.Loopback).Error);
        for (var i = 0; i < 2 * TokenGuesses.Verifications; i++)
        {
            Assert.Equal((ErrorCode.None, false), Try(Cheap));
        }

        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal((ErrorCode.None, false), Try(Dear));
    }

    [Fact]
    public void What_names_no_key_costs_no_verification()
    {
        for (var i = 0; i < 2 * TokenGuesses.Verifications; i++)
        {
            Try("guess");
            Try(TokenForge.Sign("""{"alg":"RS256"}""", TokenForge.Payload, static _ => new byte[256]));
        }

        Assert.Equal((ErrorCode.None, false), Try(Dear));
    }

    [Fact]
    public void Bad_tokens_of_a_suspect_do_not_prolong_the_minute()
    {
        _time.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal((ErrorCode.InvalidToken, true), Try("guess"));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal((ErrorCode.InvalidToken, false), Try("guess"));
    }

    public void Dispose()
    {
        _gate.Dispose();
        _private.Dispose();
    }

    private (ErrorCode Error, bool IsThrottled) Try(string token)
    {
        var result = _gate.Validate(token, Address);
        return (result.Error, result.IsThrottled);
    }
}
