using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Broker.Node.Configuration.Options;
using Broker.Protocol.Wire;
using Broker.Tests.Support;
using CsCheck;

namespace Broker.Tests.Auth;

public sealed class KeyRingSpecs
{
    private static readonly RSA Rsa = RSA.Create(2048);
    private static readonly string RsaPem = Rsa.ExportSubjectPublicKeyInfoPem();

    public static TheoryData<string> Algorithms => ["HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "ES256", "ES384", "ES512"];

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void Each_algorithm_accepts_its_own_signature_and_no_mutation_of_it(string algorithm)
    {
        using var ecdsa = ECDsa.Create(Curve(algorithm));
        using var validator = TokenForge.Validator(TokenForge.Options(KeyFor(algorithm, ecdsa)));
        var token = Sign(algorithm, ecdsa);
        Assert.Equal(ErrorCode.None, validator.Validate(token).Error);
        var signature = token.LastIndexOf('.') + 1;
        Gen.Select(Gen.Int[signature, token.Length - 1], Gen.OneOf('A', 'z', '0', '_', '.')).Sample(
            (at, character) => token[at] == character
                || validator.Validate(token[..at] + character + token[(at + 1)..]).Error == ErrorCode.InvalidToken,
            iter: 200);
        Assert.All(
            new[] { token + "A", token + "AAAA", token[..^4], token[..signature], token[..(signature - 1)] },
            bad => Assert.Equal(ErrorCode.InvalidToken, validator.Validate(bad).Error));
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void Each_key_refuses_every_other_algorithm(string algorithm)
    {
        using var ecdsa = ECDsa.Create(Curve(algorithm));
        using var validator = TokenForge.Validator(TokenForge.Options(KeyFor(algorithm, ecdsa)));
        foreach (var other in Algorithms.Select(static row => row.Data).Where(other => other != algorithm))
        {
            // The other's header, signed by the key's own means and, where that differs, by the other's.
            using var foreign = ECDsa.Create(Curve(other));
            var header = $$"""{"alg":"{{other}}"}""";
            Assert.Equal(ErrorCode.InvalidToken, validator.Validate(TokenForge.Sign(header, TokenForge.Payload, Signer(algorithm, ecdsa))).Error);
            Assert.Equal(ErrorCode.InvalidToken, validator.Validate(Sign(other, foreign)).Error);
        }
    }

    [Fact]
    public void Public_key_is_never_a_shared_secret()
    {
        using var validator = TokenForge.Validator(TokenForge.Options(
            new AuthKeyOptions { Algorithm = "RS256", PublicKey = RsaPem }, TokenForge.Hs()));
        var lf = RsaPem.ReplaceLineEndings("\n");
        foreach (var secret in new[] { lf, lf + "\n", RsaPem.ReplaceLineEndings("\r\n"), " " + lf, lf.Trim() })
        {
            Assert.Equal(ErrorCode.InvalidToken, validator.Validate(TokenForge.Hs256(TokenForge.Payload, secret: secret)).Error);
        }

        Assert.Equal(ErrorCode.None, validator.Validate(TokenForge.Hs256(TokenForge.Payload)).Error);
        Assert.Equal(ErrorCode.None, validator.Validate(Sign("RS256", null)).Error);
    }

    [Fact]
    public void Key_in_the_token_itself_is_not_used()
    {
        using var attacker = RSA.Create(2048);
        var jwk = JsonSerializer.Serialize(Jwk(attacker, "x"));
        var header = $$"""{"alg":"RS256","jwk":{{jwk}},"jku":"https://127.0.0.1:1/","x5u":"https://127.0.0.1:1/"}""";
        using var validator = TokenForge.Validator(TokenForge.Options(new AuthKeyOptions { Algorithm = "RS256", PublicKey = RsaPem }));
        var token = TokenForge.Sign(header, TokenForge.Payload, input => attacker.SignData(input, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
        Assert.Equal(ErrorCode.InvalidToken, validator.Validate(token).Error);
    }

    [Fact]
    public void Key_id_chooses_among_keys_but_not_their_algorithm()
    {
        using var validator = TokenForge.Validator(TokenForge.Options(
            TokenForge.Hs("hs"), new AuthKeyOptions { Id = "rsa", Algorithm = "RS256", PublicKey = RsaPem }));
        Assert.Equal(ErrorCode.None, validator.Validate(Hs("hs")).Error);
        Assert.Equal(ErrorCode.None, validator.Validate(Rs("rsa")).Error);
        Assert.Equal(ErrorCode.InvalidToken, validator.Validate(Hs("rsa")).Error);
        Assert.Equal(ErrorCode.InvalidToken, validator.Validate(Rs("hs")).Error);
        Assert.Equal(ErrorCode.InvalidToken, validator.Validate(TokenForge.Hs256(TokenForge.Payload)).Error);

        static string Hs(string kid) => TokenForge.Hs256(TokenForge.Payload, $$"""{"alg":"HS256","kid":"{{kid}}"}""");
        static string Rs(string kid) => TokenForge.Sign($$"""{"alg":"RS256","kid":"{{kid}}"}""", TokenForge.Payload, Signer("RS256", null));
    }

    [Theory]
    [InlineData("../../etc/passwd")]
    [InlineData("' or 1=1--")]
    [InlineData("\\u0000")]
    [InlineData("K")]
    [InlineData("")]
    public void Unknown_key_id_is_refused(string kid)
    {
        using var validator = TokenForge.Validator(TokenForge.Options(TokenForge.Hs("k")));
        Assert.Equal(ErrorCode.InvalidToken, validator.Validate(TokenForge.Hs256(TokenForge.Payload, $$"""{"alg":"HS256","kid":"{{kid}}"}""")).Error);
    }

    [Fact]
    public void One_of_several_keys_without_an_id_is_enough()
    {
        using var validator = TokenForge.Validator(TokenForge.Options(TokenForge.Hs(secret: "the old secret, at least 32 bytes long"), TokenForge.Hs()));
        Assert.Equal(ErrorCode.None, validator.Validate(TokenForge.Hs256(TokenForge.Payload)).Error);
    }

    [Theory]
    [InlineData("RS256")]
    [InlineData("ES256")]
    public void Certificate_gives_its_public_key(string algorithm)
    {
        using var ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = algorithm == "RS256"
            ? new CertificateRequest("CN=issuer", Rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : new CertificateRequest("CN=issuer", ecdsa, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(1));
        using var validator = TokenForge.Validator(TokenForge.Options(
            new AuthKeyOptions { Algorithm = algorithm, PublicKey = certificate.ExportCertificatePem() }));
        Assert.Equal(ErrorCode.None, validator.Validate(Sign(algorithm, ecdsa)).Error);
    }

    [Fact]
    public void Keys_that_cannot_work_are_refused_at_start_and_errors_hold_no_secret()
    {
        using var p256 = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var weak = RSA.Create(1024);
        const string Short = "hunter2-hunter2";
        var cases = new (AuthKeyOptions Key, string Error)[]
        {
            (new() { Algorithm = "none", Secret = Short }, "algorithm"),
            (new() { Algorithm = "hs256", Secret = Short }, "algorithm"),
            (new() { Algorithm = "", Secret = Short }, "algorithm"),
            (TokenForge.Hs(secret: Short), "at least 32 bytes"),
            (TokenForge.Hs(secret: ""), "at least 32 bytes"),
            (TokenForge.Hs(algorithm: "HS512", secret: new string('x', 63)), "at least 64 bytes"),
            (TokenForge.Hs() with { PublicKey = RsaPem }, "takes a secret"),
            (new() { Algorithm = "RS256", Secret = Short }, "takes a public-key"),
            (new() { Algorithm = "RS256" }, "not a PEM"),
            (new() { Algorithm = "RS256", PublicKey = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----" }, "not a PEM"),
            (new() { Algorithm = "RS256", PublicKey = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----" }, "not a PEM"),
            (new() { Algorithm = "RS256", PublicKey = Rsa.ExportPkcs8PrivateKeyPem() }, "private key"),
            (new() { Algorithm = "RS256", PublicKey = weak.ExportSubjectPublicKeyInfoPem() }, "2048 bits"),
            (new() { Algorithm = "RS256", PublicKey = p256.ExportSubjectPublicKeyInfoPem() }, "RS256"),
            (new() { Algorithm = "ES256", PublicKey = RsaPem }, "ES256"),
            (new() { Algorithm = "ES384", PublicKey = p256.ExportSubjectPublicKeyInfoPem() }, "P-384"),
            (new() { Algorithm = "HS256", Jwks = "https://issuer.example/keys" }, "public keys"),
            (new() { Algorithm = "RS256", Jwks = "http://issuer.example/keys" }, "https"),
            (new() { Algorithm = "RS256", Jwks = "https://u:hunter2@issuer.example/keys" }, "user information"),
            (new() { Algorithm = "RS256", Jwks = "https://issuer.example/keys", Id = "k" }, "excludes"),
            (new() { Algorithm = "RS256", Jwks = "/no/such/file" }, "/no/such/file"),
        };
        foreach (var (key, expected) in cases)
        {
            var error = Assert.Throws<ArgumentException>(() => TokenForge.Validator(TokenForge.Options(TokenForge.Hs(), key)));
            Assert.StartsWith("auth.keys.1: ", error.Message, StringComparison.Ordinal);
            Assert.Contains(expected, error.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("hunter2", error.Message, StringComparison.Ordinal);
        }
    }

    /// <summary>secp256k1: no curve of these algorithms, though its keys are as long as those on P-256.</summary>
    [Fact]
    public void Key_on_another_curve_of_the_same_size_is_refused()
    {
        using var other = ECDsa.Create(ECCurve.CreateFromValue("1.3.132.0.10"));
        var error = Assert.Throws<ArgumentException>(() => TokenForge.Validator(TokenForge.Options(
            new AuthKeyOptions { Algorithm = "ES256", PublicKey = other.ExportSubjectPublicKeyInfoPem() })));
        Assert.Equal("auth.keys.0: public-key: ES256 needs a key on P-256", error.Message);
    }

    [Theory]
    [InlineData("RS256")]
    [InlineData("ES256")]
    public async Task One_key_verifies_on_many_threads_at_once(string algorithm)
    {
        using var ecdsa = ECDsa.Create(Curve(algorithm));
        using var validator = TokenForge.Validator(TokenForge.Options(KeyFor(algorithm, ecdsa)));
        var good = Sign(algorithm, ecdsa);
        var bad = good[..^4] + (good.EndsWith("AAAA", StringComparison.Ordinal) ? "BBBB" : "AAAA");
        await Parallel.ForAsync(0, 400, (i, _) =>
        {
            Assert.Equal(i % 2 == 0 ? ErrorCode.None : ErrorCode.InvalidToken, validator.Validate(i % 2 == 0 ? good : bad).Error);
            return ValueTask.CompletedTask;
        });
    }

    [Fact]
    public void Without_keys_no_token_is_good()
    {
        using var validator = TokenForge.Validator(new AuthOptions());
        Assert.Equal(ErrorCode.InvalidToken, validator.Validate(TokenForge.Hs256(TokenForge.Payload)).Error);
    }

    [Fact]
    public void Set_in_a_file_is_read_at_start()
    {
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            File.WriteAllText(path, JsonSerializer.Serialize(new { keys = new[] { Jwk(Rsa, "r1") } }));
            using var validator = TokenForge.Validator(TokenForge.Options(new AuthKeyOptions { Algorithm = "RS256", Jwks = path }));
            var good = TokenForge.Sign("""{"alg":"RS256","kid":"r1"}""", TokenForge.Payload, Signer("RS256", null));
            Assert.Equal(ErrorCode.None, validator.Validate(good).Error);

            // It can only mean the one key there is.
            Assert.Equal(ErrorCode.None, validator.Validate(Sign("RS256", null)).Error);
            using var other = RSA.Create(2048);
            File.WriteAllText(path, JsonSerializer.Serialize(new { keys = new[] { Jwk(Rsa, "r1"), Jwk(other, "r2") } }));
            using var two = TokenForge.Validator(TokenForge.Options(new AuthKeyOptions { Algorithm = "RS256", Jwks = path }));
            Assert.Equal(ErrorCode.None, two.Validate(good).Error);
            Assert.Equal(ErrorCode.InvalidToken, two.Validate(Sign("RS256", null)).Error);

            File.WriteAllText(path, """{"keys":[]}""");
            var error = Assert.Throws<ArgumentException>(() => TokenForge.Validator(TokenForge.Options(new AuthKeyOptions { Algorithm = "RS256", Jwks = path })));
            Assert.Contains("no key for RS256", error.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }

    internal static Dictionary<string, string> Jwk(RSA rsa, string kid)
    {
        var key = rsa.ExportParameters(false);
        return new()
        {
            ["kty"] = "RSA",
            ["kid"] = kid,
            ["n"] = System.Buffers.Text.Base64Url.EncodeToString(key.Modulus),
            ["e"] = System.Buffers.Text.Base64Url.EncodeToString(key.Exponent),
        };
    }

    private static AuthKeyOptions KeyFor(string algorithm, ECDsa ecdsa) => algorithm[0] switch
    {
        'H' => TokenForge.Hs(algorithm: algorithm),
        'R' => new AuthKeyOptions { Algorithm = algorithm, PublicKey = RsaPem },
        _ => new AuthKeyOptions { Algorithm = algorithm, PublicKey = ecdsa.ExportSubjectPublicKeyInfoPem() },
    };

    private static string Sign(string algorithm, ECDsa? ecdsa) =>
        TokenForge.Sign($$"""{"alg":"{{algorithm}}"}""", TokenForge.Payload, Signer(algorithm, ecdsa));

    private static Func<byte[], byte[]> Signer(string algorithm, ECDsa? ecdsa)
    {
        var hash = new HashAlgorithmName("SHA" + algorithm[2..]);
        return algorithm[0] switch
        {
            'H' => input => CryptographicOperations.HmacData(hash, Encoding.UTF8.GetBytes(TokenForge.Secret), input),
            'R' => input => Rsa.SignData(input, hash, RSASignaturePadding.Pkcs1),
            _ => input => ecdsa!.SignData(input, hash),
        };
    }

    private static ECCurve Curve(string algorithm) => algorithm[2..] switch
    {
        "384" => ECCurve.NamedCurves.nistP384,
        "512" => ECCurve.NamedCurves.nistP521,
        _ => ECCurve.NamedCurves.nistP256,
    };
}
