namespace Broker.Node.Auth;

/// <summary>Brings a JWK set from where it lies. The token is cancelled when it takes too long; every failure is an <see cref="IOException"/>, an <see cref="HttpRequestException"/> or a cancellation.</summary>
internal delegate Task<byte[]> JwksFetch(CancellationToken cancellation);
