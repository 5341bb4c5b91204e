using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Broker.Node.Auth;
using Broker.Node.Configuration.Options;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Broker.Tests.Support;

/// <summary>Makes good and bad tokens from raw JSON, and validators to try them on.</summary>
internal static class TokenForge
{
    public const long Now = 1_750_000_000;
    public const string Secret = "a secret of sixty-four bytes, so that it is long enough for HS512";
    public const string Header = """{"alg":"HS256","typ":"JWT"}""";
    public static readonly string Payload = $$"""{"sub":"alice","iat":{{Now}},"exp":{{Now + 3600}}}""";

    public static FakeTimeProvider Clock() => new(DateTimeOffset.FromUnixTimeSeconds(Now));

    public static AuthOptions Options(params AuthKeyOptions[] keys) => new()
    {
        Keys = keys.Length > 0 ? keys : [Hs()],
        DefaultRights = new RightsOptions { Subscribe = ["own.{user}"] },
    };

    public static AuthKeyOptions Hs(string id = "", string algorithm = "HS256", string secret = Secret) =>
        new() { Id = id, Algorithm = algorithm, Secret = secret };

    public static JwtValidator Validator(AuthOptions? options = null, TimeProvider? time = null) =>
        JwtValidator.TryCreate(options ?? Options(), time ?? Clock(), NullLogger.Instance, out var validator, out var error)
            ? validator
            : throw new ArgumentException(error);

    public static string Hs256(string payload, string header = Header, string secret = Secret) =>
        Sign(header, payload, input => HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), input));

    /// <summary>The usual claims with some replaced by raw JSON; an empty text removes the claim.</summary>
    public static string Claims(params (string Name, string Json)[] changes)
    {
        var claims = new Dictionary<string, string> { ["sub"] = "\"alice\"", ["iat"] = $"{Now}", ["exp"] = $"{Now + 3600}" };
        foreach (var (name, json) in changes)
        {
            claims[name] = json;
        }

        return "{" + string.Join(',', claims.Where(static claim => claim.Value.Length > 0).Select(static claim => $"\"{claim.Key}\":{claim.Value}")) + "}";
    }

    public static string Sign(string header, string payload, Func<byte[], byte[]> sign) =>
        Sign(Encoding.UTF8.GetBytes(header), Encoding.UTF8.GetBytes(payload), sign);

    public static string Sign(byte[] header, byte[] payload, Func<byte[], byte[]> sign)
    {
        var input = $"{Base64Url.EncodeToString(header)}.{Base64Url.EncodeToString(payload)}";
        return $"{input}.{Base64Url.EncodeToString(sign(Encoding.ASCII.GetBytes(input)))}";
    }
}
