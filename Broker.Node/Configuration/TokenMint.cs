using Broker.Node.Configuration.Options;

namespace Broker.Node.Configuration;

/// <summary>Signs a token.</summary>
/// <param name="key">An HS key.</param>
/// <param name="user">Subject; null: none.</param>
/// <param name="rights">Goes into <paramref name="rightsClaim"/>.</param>
/// <param name="life">How long it is valid.</param>
/// <param name="now">From when on.</param>
/// <param name="rightsClaim">Name of the claim with the rights.</param>
/// <param name="issuer"><c>iss</c>; empty: none.</param>
/// <param name="audience"><c>aud</c>; empty: none.</param>
/// <returns>The token in compact form.</returns>
internal delegate string TokenMint(AuthKeyOptions key, string? user, RightsOptions rights, TimeSpan life, DateTimeOffset now, string rightsClaim, string issuer, string audience);
