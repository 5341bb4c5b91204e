using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Broker.Fuzz.Engine;
using Broker.Node.Auth;
using Broker.Node.Configuration.Options;
using Broker.Protocol.Wire;
using Microsoft.Extensions.Logging.Abstractions;

namespace Broker.Fuzz.Targets;

/// <summary>
/// Tokens of strangers, and of an issuer who is known but writes what he likes: a line with the header and one with
/// the claims, signed here. Nothing without a good signature is accepted.
/// <code>flags 8 (1: signed, 2: asked for a grant), text …</code>
/// </summary>
internal sealed class TokenTarget : FuzzTarget
{
    private const string Secret = "a secret of at least thirty-two bytes";
    private const byte Signed = 1;
    private const byte Grant = 2;

    private static readonly byte[] Key = Encoding.UTF8.GetBytes(Secret);

    private readonly JwtValidator _validator = MakeValidator();

    public override string Name => "token";

    public override int MaxLength => 768;

    public override IReadOnlyList<byte[]> Dictionary { get; } = Tokens(
        "\u0001{\"alg\":\"HS256\"}\n", "\u0003{\"alg\":\"HS256\"}\n", "{\"alg\":\"none\"}", "\"kid\":\"k\"", "\"crit\":[]", "{\"sub\":\"u\",\"exp\":1893459600}", "\"exp\":1893459600", "\"exp\":1e9", "\"nbf\":0", "\"iat\":1893450000", "\"iss\":\"i\"", "\"aud\":[\"a\"]", "\"sub\":\"u\"",
        "\"broker\":{}", "\"subscribe\":[\"a.>\"]", "\"publish\":[\"{user}\"]", "\"history\":[]", "\"presence\":[\"*\"]", "\"rooms\":{\"create\":[\"a\"],\"join\":[\">\"]}", "\"deny\":{\"subscribe\":[\"a\"]}", "\"info\":{\"n\":1}", "eyJhbGciOiJIUzI1NiJ9", ".", "..", "\\ud800", "\n", "{", "}", "1e400", "-1");

    public override void Run(ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty)
        {
            return;
        }

        var token = (input[0] & Signed) != 0 ? Sign(input[1..]) : Encoding.Latin1.GetString(input[1..]);
        if ((input[0] & Grant) != 0)
        {
            var grant = _validator.ValidateGrant(token, "u");
            Promise.Holds(grant.Pattern is null == grant.Error is not ErrorCode.None, "neither a pattern nor an error, or both");
            Promise.Holds(grant.Pattern is null || IsSigned(token), "a grant that nobody signed");
            return;
        }

        var result = _validator.Validate(token);
        Promise.Holds(result.Identity is null == result.Error is not ErrorCode.None, "neither an identity nor an error, or both");
        Promise.Holds(result.Error is ErrorCode.None or ErrorCode.InvalidToken or ErrorCode.TokenExpired, $"an error nobody expects: {result.Error}");
        Promise.Holds(result.Identity is null || IsSigned(token), "a token that nobody signed");
        Promise.Holds(result.Identity is null or { User.Length: > 0, Info.Length: <= 1024 }, "an identity out of bounds");
        if (result.Identity?.Rights is { } rights)
        {
            _ = rights.MaySubscribe("a.b"u8) | rights.MayPublish("a.b"u8) | rights.MayReadHistory("a.b"u8) | rights.MaySeePresence("a.b"u8);
        }
    }

    private static JwtValidator MakeValidator()
    {
        var options = new AuthOptions
        {
            Keys = [new AuthKeyOptions { Algorithm = "HS256", Secret = Secret }],
            DefaultRights = new RightsOptions { Subscribe = ["user.{user}.>"] },
        };
        return JwtValidator.TryCreate(options, FrozenTime.Instance, NullLogger.Instance, out var validator, out var error)
            ? validator
            : throw new InvalidOperationException(error);
    }

    private static string Sign(ReadOnlySpan<byte> text)
    {
        var end = Math.Max(0, text.IndexOf((byte)'\n'));
        var content = Base64Url.EncodeToString(text[..end]) + "." + Base64Url.EncodeToString(text[Math.Min(text.Length, end + 1)..]);
        return content + "." + Base64Url.EncodeToString(HMACSHA256.HashData(Key, Encoding.ASCII.GetBytes(content)));
    }

    private static bool IsSigned(string token)
    {
        var end = token.LastIndexOf('.');
        return Base64Url.EncodeToString(HMACSHA256.HashData(Key, Encoding.ASCII.GetBytes(token[..end]))) == token[(end + 1)..];
    }
}
