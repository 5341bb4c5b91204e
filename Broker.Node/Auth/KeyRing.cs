using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Broker.Node.Configuration;
using Broker.Node.Configuration.Options;
using Broker.Node.Diagnostics;

namespace Broker.Node.Auth;

/// <summary>All configured keys. Each is pinned to one algorithm, so no token can choose how its key is used.</summary>
/// <remarks>Thread-safe; <see cref="Verify"/> does no I/O.</remarks>
internal sealed class KeyRing : IDisposable
{
    private const int LongestShownId = 64;

    private readonly ImmutableArray<JwtKey> _keys;
    private readonly ImmutableArray<JwksSource> _sources;
    private readonly HttpJwks? _http;

    internal KeyRing(ImmutableArray<JwtKey> keys, ImmutableArray<JwksSource> sources, HttpJwks? http = null)
    {
        _keys = keys;
        _sources = sources;
        _http = http;
    }

    /// <summary>Reads all keys; sets behind a URL are fetched in the background from now on.</summary>
    /// <remarks><paramref name="error"/>: What is wrong with which entry, without any secret; null on success.</remarks>
    public static bool TryCreate(
        IReadOnlyList<AuthKeyOptions> options,
        TimeProvider time,
        ILogger logger,
        [NotNullWhen(true)] out KeyRing? ring,
        [NotNullWhen(false)] out string? error)
    {
        ring = null;
        error = null;
        var keys = ImmutableArray.CreateBuilder<JwtKey>();
        var sources = ImmutableArray.CreateBuilder<JwksSource>();
        var http = new HttpJwks();
        for (var i = 0; i < options.Count && error is null; i++)
        {
            if (!TryRead(options[i], http, time, logger, out var key, out var source, out error))
            {
                error = $"auth.keys.{i}: {error}";
            }
            else if (source is not null)
            {
                sources.Add(source);
            }
            else
            {
                keys.Add(key!);
            }
        }

        var created = new KeyRing(keys.ToImmutable(), sources.ToImmutable(), http);
        if (error is not null)
        {
            created.Dispose();
            return false;
        }

        foreach (var source in sources)
        {
            source.Start();
        }

        ring = created;
        return true;
    }

    /// <param name="token">Cut up.</param>
    /// <param name="mayVerify">Asked before each verification with a public key, which costs; null: all are allowed.</param>
    public SignatureCheck Verify(JwtParts token, Func<bool>? mayVerify = null)
    {
        var check = VerifyWith(_keys, token, mayVerify);
        if (check != SignatureCheck.Refused)
        {
            return check;
        }

        var missing = false;
        foreach (var source in _sources)
        {
            if (!ReferenceEquals(source.Algorithm, token.Algorithm))
            {
                continue;
            }

            if (source.Keys is not { } keys)
            {
                missing = true;
            }
            else if ((check = VerifyWith(keys, token, mayVerify)) != SignatureCheck.Refused)
            {
                return check;
            }
            else if (token.KeyId is null && OnlyKey(token) is { } only && (check = VerifyWith(only, token, mayVerify)) != SignatureCheck.Refused)
            {
                return check;
            }
            else if (token.KeyId is not null && !keys.Any(key => key.Fits(token)))
            {
                source.Miss();
            }
        }

        return missing ? SignatureCheck.KeysMissing : SignatureCheck.Refused;
    }

    /// <summary>For the log: why <see cref="Verify"/> refused a token. Of the token it shows the key id alone, escaped and cut.</summary>
    public string Explain(JwtParts token)
    {
        var known = Known.ToList();
        var named = token.KeyId is { } id ? $" with the id {Show(id)}" : "";
        if (known.Any(key => key.Fits(token)) || (token.KeyId is null && _sources.Any(source => ReferenceEquals(source.Algorithm, token.Algorithm)) && OnlyKey(token) is not null))
        {
            return $"its signature is not that of the {token.Algorithm} key of broker.auth.keys{named}";
        }

        if (token.KeyId is not null && known.Find(key => key.Id == token.KeyId) is { } other)
        {
            return $"its alg is {token.Algorithm}, and the key of broker.auth.keys{named} is for {other.Algorithm}";
        }

        return !known.Exists(key => ReferenceEquals(key.Algorithm, token.Algorithm)) ? $"its alg is {token.Algorithm}, and no key of broker.auth.keys is for that"
            : token.KeyId is null ? $"it names no key (kid), and the {token.Algorithm} keys of broker.auth.keys have ids"
            : $"no {token.Algorithm} key of broker.auth.keys{named}";
    }

    public void Dispose()
    {
        foreach (var source in _sources)
        {
            source.Dispose();
        }

        _http?.Dispose();
    }

    private IEnumerable<JwtKey> Known => _keys.Concat(_sources.SelectMany(static source => source.Keys ?? []));

    private static string Show(string id) => $"\"{PrintableWriter.Escape(id.Length <= LongestShownId ? id : id[..LongestShownId])}\"";

    /// <summary>The key that a token can only mean which names none: the one of its algorithm, if there is just one.</summary>
    private JwtKey? OnlyKey(JwtParts token)
    {
        JwtKey? only = null;
        foreach (var key in Known)
        {
            if (ReferenceEquals(key.Algorithm, token.Algorithm))
            {
                if (only is not null)
                {
                    return null;
                }

                only = key;
            }
        }

        return only;
    }

    private static SignatureCheck VerifyWith(ImmutableArray<JwtKey> keys, JwtParts token, Func<bool>? mayVerify)
    {
        foreach (var key in keys)
        {
            if (key.Fits(token) && VerifyWith(key, token, mayVerify) is not SignatureCheck.Refused and var check)
            {
                return check;
            }
        }

        return SignatureCheck.Refused;
    }

    private static SignatureCheck VerifyWith(JwtKey key, JwtParts token, Func<bool>? mayVerify) =>
        mayVerify is not null && !key.Algorithm.IsSymmetric && !mayVerify() ? SignatureCheck.NotVerified
        : key.Verify(token.SigningInput, token.Signature) ? SignatureCheck.Good
        : SignatureCheck.Refused;

    private static bool TryRead(AuthKeyOptions options, HttpJwks http, TimeProvider time, ILogger logger, out JwtKey? key, out JwksSource? source, out string? error)
    {
        key = null;
        source = null;
        if (!JwtAlgorithm.TryParse(options.Algorithm, out var algorithm))
        {
            error = $"algorithm: one of {JwtAlgorithm.Names}";
            return false;
        }

        error = FindContradiction(options, algorithm);
        if (error is not null)
        {
            return false;
        }

        if (options.Jwks.Length > 0)
        {
            return TryReadSet(options.Jwks, algorithm, http, time, logger, out source, out error);
        }

        if (algorithm.IsSymmetric)
        {
            var ok = HmacKey.TryCreate(options.Id, algorithm, options.Secret, out var hmac, out error);
            key = hmac;
            return ok;
        }

        var good = PublicJwtKey.TryCreate(options.Id, algorithm, options.PublicKey, out var publicKey, out error);
        key = publicKey;
        return good;
    }

    private static string? FindContradiction(AuthKeyOptions options, JwtAlgorithm algorithm)
    {
        if (options.Jwks.Length > 0)
        {
            return algorithm.IsSymmetric ? $"jwks: a set holds public keys, {algorithm} has none"
                : options.Id.Length + options.Secret.Length + options.PublicKey.Length > 0 ? "jwks: excludes id, secret and public-key"
                : null;
        }

        return algorithm.IsSymmetric
            ? options.PublicKey.Length > 0 ? $"public-key: {algorithm} takes a secret" : null
            : options.Secret.Length > 0 ? $"secret: {algorithm} takes a public-key" : null;
    }

    private static bool TryReadSet(string location, JwtAlgorithm algorithm, HttpJwks http, TimeProvider time, ILogger logger, out JwksSource? source, out string? error)
    {
        source = null;
        error = null;
        if (location.Contains("://", StringComparison.Ordinal))
        {
            if (!Uri.TryCreate(location, UriKind.Absolute, out var address) || address.Scheme != Uri.UriSchemeHttps || address.UserInfo.Length > 0)
            {
                error = "jwks: a file path or an https URL without user information";
                return false;
            }

            source = new JwksSource(address.GetLeftPart(UriPartial.Path), algorithm, null, cancellation => http.FetchAsync(address, cancellation), time, logger);
            return true;
        }

        try
        {
            if (!JwksReader.TryRead(ReadFile(location), algorithm, out var keys, out error))
            {
                error = $"jwks: {location}: {error}";
                return false;
            }

            source = new JwksSource(location, algorithm, keys, cancellation => Task.FromResult(ReadFile(location)), time, logger);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            error = $"jwks: {e.Message}";
            return false;
        }
    }

    private static byte[] ReadFile(string path)
    {
        using var file = File.OpenRead(path);
        var bytes = new byte[JwksReader.MaxBytes + 1];
        return bytes[..file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)];
    }
}

/// <summary>What the keys say about a token's signature.</summary>
internal enum SignatureCheck
{
    Refused,
    Good,

    /// <summary>The keys that would decide have not been loaded yet.</summary>
    KeysMissing,

    /// <summary>It was forbidden to look.</summary>
    NotVerified,
}
