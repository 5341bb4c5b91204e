using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Broker.Node.Auth;
using Broker.Node.Configuration;
using Broker.Protocol.Wire;
using Broker.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Broker.Tests.Auth;

public sealed class JwksSourceSpecs : IDisposable
{
    private readonly RSA _rsa = RSA.Create(2048);
    private readonly FakeTimeProvider _time = TokenForge.Clock();
    private readonly Dictionary<string, string> _tokens = [];
    private readonly TaskCompletionSource _hanging = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly JwksSource _source;
    private readonly JwtValidator _validator;
    private Func<CancellationToken, Task<byte[]>> _answer;
    private int _fetches;

    public JwksSourceSpecs()
    {
        Assert.True(JwtAlgorithm.TryParse("RS256", out var algorithm));
        _answer = _ => Task.FromResult(Set("k1"));
        _source = new JwksSource("test", algorithm, null, Fetch, _time, NullLogger.Instance);
        Assert.True(RightsTemplate.TryCreate(new(), out var rights, out _));
        _validator = new JwtValidator(TokenForge.Options(), new KeyRing([], [_source]), rights, _time);
    }

    public void Dispose()
    {
        _validator.Dispose();
        _rsa.Dispose();
    }

    [Fact]
    public async Task Keys_are_used_once_they_are_fetched()
    {
        Assert.Equal(ErrorCode.Unavailable, Validate("k1"));
        await StartAsync();
        Assert.Equal(ErrorCode.None, Validate("k1"));
        Assert.Equal(ErrorCode.InvalidToken, Validate("k2"));
    }

    [Fact]
    public async Task Validating_does_not_wait_for_a_fetch()
    {
        var held = new TaskCompletionSource<byte[]>();
        _answer = _ => held.Task;
        _source.Start();
        Assert.Equal(ErrorCode.Unavailable, Validate("k1"));
        Assert.Equal(ErrorCode.InvalidToken, _validator.Validate("garbage").Error);
        Assert.Equal(ErrorCode.InvalidToken, _validator.Validate(TokenForge.Hs256(TokenForge.Payload)).Error);
        held.SetResult(Set("k1"));
        await _source.Current;
        Assert.Equal(ErrorCode.None, Validate("k1"));
    }

    [Fact]
    public async Task Unknown_key_id_fetches_again_at_most_once_a_minute()
    {
        await StartAsync();
        for (var i = 0; i < 10_000; i++)
        {
            Assert.Equal(ErrorCode.InvalidToken, Validate($"unknown-{i % 7}"));
        }

        Assert.Equal(1, _fetches);
        await AdvanceAsync(TimeSpan.FromSeconds(59));
        Assert.Equal(1, _fetches);
        _answer = _ => Task.FromResult(Set("k1", "k2"));
        await AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(2, _fetches);
        Assert.Equal(ErrorCode.None, Validate("k2"));
    }

    [Fact]
    public async Task Known_key_id_with_a_bad_signature_fetches_nothing()
    {
        await StartAsync();
        using var other = RSA.Create(2048);
        Assert.Equal(ErrorCode.InvalidToken, _validator.Validate(Token("k1", other)).Error);
        await AdvanceAsync(TimeSpan.FromMinutes(2));
        Assert.Equal(1, _fetches);
    }

    [Fact]
    public async Task Withdrawn_key_ends_within_ten_minutes()
    {
        await StartAsync();
        _answer = _ => Task.FromResult(Set("k2"));
        await AdvanceAsync(TimeSpan.FromMinutes(10));
        Assert.Equal(ErrorCode.InvalidToken, Validate("k1"));
        Assert.Equal(ErrorCode.None, Validate("k2"));
    }

    [Theory]
    [InlineData("http")]
    [InlineData("io")]
    [InlineData("never")]
    [InlineData("empty")]
    [InlineData("html")]
    [InlineData("large")]
    public async Task Last_good_keys_stay_when_a_fetch_fails(string fault)
    {
        await StartAsync();
        _answer = Fault(fault);
        _time.Advance(TimeSpan.FromMinutes(10));
        if (fault == "never")
        {
            await _hanging.Task;
            Assert.False(_source.Current.IsCompleted);
            _time.Advance(TimeSpan.FromSeconds(3));
        }

        await _source.Current;
        Assert.Equal(2, _fetches);
        Assert.Equal(ErrorCode.None, Validate("k1"));

        // Failing, it is tried again once a minute and recovers.
        _answer = _ => Task.FromResult(Set("k2"));
        await AdvanceAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(3, _fetches);
        Assert.Equal(ErrorCode.None, Validate("k2"));
    }

    [Fact]
    public async Task First_fetch_is_retried_with_growing_pauses()
    {
        _answer = Fault("http");
        await StartAsync();
        foreach (var pause in new[] { 5, 10, 20, 40, 60, 60 })
        {
            var before = _fetches;
            await AdvanceAsync(TimeSpan.FromSeconds(pause - 1));
            Assert.Equal(before, _fetches);
            Assert.Equal(ErrorCode.Unavailable, Validate("k1"));
            await AdvanceAsync(TimeSpan.FromSeconds(1));
            Assert.Equal(before + 1, _fetches);
        }
    }

    [Fact]
    public async Task Set_that_was_read_at_start_is_fetched_again_at_the_first_unknown_key_id()
    {
        Assert.True(JwksReader.TryRead(Set("k1"), _source.Algorithm, out var keys, out _));
        _answer = _ => Task.FromResult(Set("k1", "k2"));
        using var source = new JwksSource("file", _source.Algorithm, keys, Fetch, _time, NullLogger.Instance);
        source.Start();
        await source.Current;
        Assert.Equal(0, _fetches);
        source.Miss();
        _time.Advance(TimeSpan.Zero);
        await source.Current;
        Assert.Equal(1, _fetches);
        Assert.Equal(["k1", "k2"], source.Keys!.Value.Select(static key => key.Id));
    }

    [Fact]
    public async Task Disposed_source_fetches_no_more()
    {
        await StartAsync();
        _source.Dispose();
        Assert.Equal(ErrorCode.InvalidToken, Validate("k2"));
        await AdvanceAsync(TimeSpan.FromHours(1));
        Assert.Equal(1, _fetches);
    }

    private Task<byte[]> Fetch(CancellationToken cancellation)
    {
        Interlocked.Increment(ref _fetches);
        return _answer(cancellation);
    }

    private async Task StartAsync()
    {
        _source.Start();
        await _source.Current;
    }

    private async Task AdvanceAsync(TimeSpan by)
    {
        _time.Advance(by);
        await _source.Current;
    }

    private Func<CancellationToken, Task<byte[]>> Fault(string kind) =>
        kind switch
        {
            "http" => static _ => Task.FromException<byte[]>(new HttpRequestException("status 500")),
            "io" => static _ => Task.FromException<byte[]>(new IOException("gone")),
            "never" => HangAsync,
            "empty" => static _ => Task.FromResult(Array.Empty<byte>()),
            "html" => static _ => Task.FromResult("<html>"u8.ToArray()),
            _ => static _ => Task.FromResult(new byte[JwksReader.MaxBytes + 1]),
        };

    private async Task<byte[]> HangAsync(CancellationToken cancellation)
    {
        var cancelled = new TaskCompletionSource<byte[]>();
        await using var registration = cancellation.Register(() => cancelled.SetCanceled(cancellation));
        _hanging.SetResult();
        return await cancelled.Task;
    }

    private ErrorCode Validate(string kid) => _validator.Validate(Token(kid, _rsa)).Error;

    private string Token(string kid, RSA rsa)
    {
        if (!ReferenceEquals(rsa, _rsa) || !_tokens.TryGetValue(kid, out var token))
        {
            token = TokenForge.Sign(
                $$"""{"alg":"RS256","kid":"{{kid}}"}""",
                TokenForge.Payload,
                input => rsa.SignData(input, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
            _tokens[kid] = token;
        }

        return token;
    }

    private byte[] Set(params string[] kids) =>
        Encoding.UTF8.GetBytes(JsonSerializer.Serialize(new { keys = kids.Select(kid => KeyRingSpecs.Jwk(_rsa, kid)) }));
}
