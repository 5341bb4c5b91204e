using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Broker.Node.Configuration;
using Broker.Tests.Clients;
using Broker.Tests.Http;
using Broker.Tests.Support;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Broker.Tests.Hosting;

/// <summary>Whom ASP.NET Core's authentication knows is the user of a connection.</summary>
public sealed class ApplicationUsersSpecs : RealClientSpecs
{
    private const string Cookies = CookieAuthenticationDefaults.AuthenticationScheme;
    private const string Secret = "k3vQ0m1yXb8Zt5rW2nPq7sLd9fGhJ4cA6eUi";
    private static readonly Claim Ada = new(ClaimTypes.NameIdentifier, "ada");

    [Fact]
    public async Task User_of_a_cookie_is_the_user_of_the_connection_until_the_ticket_ends()
    {
        await using var host = await StartAsync(WithCookies);
        var end = DateTimeOffset.UtcNow.AddHours(1);
        await using var client = await ConnectAsync(host, options => SignIn(options, host, end, Ada));

        Assert.Equal(("ada", "done"), (client.Welcome.GetProperty("user").GetString(), client.Welcome.GetProperty("auth").GetString()));
        Assert.Equal(end.ToUnixTimeSeconds(), client.Welcome.GetProperty("expires").GetInt64() / 1000);

        // The default rights are own.{user}: whom the application knows is not anonymous any more.
        await client.SubscribeAsync("own.ada", Cancellation);
        Assert.Equal("forbidden", (await client.RequestAsync(new() { ["type"] = "subscribe", ["topic"] = "other" }, Cancellation)).GetProperty("code").GetString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData(14 * 24)]
    public async Task Connection_lives_no_longer_than_one_with_a_token(int? hours)
    {
        await using var host = await StartAsync(WithCookies);
        var before = DateTimeOffset.UtcNow;
        await using var client = await ConnectAsync(host, options => SignIn(options, host, before.AddHours(hours ?? 24), hours is null ? [Ada, new("endless", "")] : [Ada]));
        Assert.InRange(DateTimeOffset.FromUnixTimeMilliseconds(client.Welcome.GetProperty("expires").GetInt64()), before.AddHours(24).AddSeconds(-1), DateTimeOffset.UtcNow.AddHours(24));
    }

    [Fact]
    public async Task Cookie_without_an_origin_is_refused()
    {
        await using var host = await StartAsync(WithCookies);
        Assert.Equal(HttpStatusCode.Forbidden, await JsonClient.RefusalAsync(host.WebSocket, options =>
        {
            options.CollectHttpResponseDetails = true;
            options.SetRequestHeader("Cookie", Cookie(host, DateTimeOffset.UtcNow.AddHours(1), Ada));
        }, Cancellation));
    }

    [Fact]
    public async Task Cookie_of_a_page_from_elsewhere_is_refused()
    {
        await using var host = await StartAsync(WithCookies);
        Assert.Equal(HttpStatusCode.Forbidden, await JsonClient.RefusalAsync(host.WebSocket, options =>
        {
            options.CollectHttpResponseDetails = true;
            options.SetRequestHeader("Origin", "https://evil.example");
            options.SetRequestHeader("Cookie", Cookie(host, DateTimeOffset.UtcNow.AddHours(1), Ada));
        }, Cancellation));
    }

    [Theory]
    [InlineData("on", "optional", "")]
    [InlineData("on", "optional", ".AspNetCore.Cookies=forged")]
    [InlineData("off", "required", "")]
    public async Task Who_is_not_signed_in_is_treated_as_without_the_application(string anonymous, string auth, string cookie)
    {
        await using var host = await StartAsync(WithCookies, ("Broker:Auth:Anonymous", anonymous));
        await using var client = await ConnectAsync(host, options => options.SetRequestHeader("Cookie", cookie));
        Assert.Equal(auth, client.Welcome.GetProperty("auth").GetString());
        Assert.False(client.Welcome.TryGetProperty("user", out _));
    }

    [Fact]
    public async Task Token_of_the_nodes_own_keys_comes_first()
    {
        await using var host = await StartAsync(WithCookies, ("Broker:Auth:Keys:0:Algorithm", "HS256"), ("Broker:Auth:Keys:0:Secret", Secret));
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var token = TokenForge.Hs256($$"""{"sub":"bob","exp":{{now + 60}}}""", secret: Secret);
        await using var client = await ConnectAsync(host, options =>
        {
            SignIn(options, host, DateTimeOffset.UtcNow.AddHours(1), Ada);
            options.SetRequestHeader("Authorization", "Bearer " + token);
        });
        Assert.Equal("bob", client.Welcome.GetProperty("user").GetString());
    }

    [Fact]
    public async Task Bearer_token_of_the_application_needs_no_origin_and_may_say_sub()
    {
        await using var host = await StartAsync(WithBearer, ("Broker:Auth:Anonymous", "off"));
        await using var client = await JsonClient.ConnectAsync(host.WebSocket, Cancellation, static options => options.SetRequestHeader("Authorization", "Bearer ada"));
        Assert.Equal("ada", client.Welcome.GetProperty("user").GetString());
    }

    [Fact]
    public async Task Cookie_counts_on_a_connection_that_the_web_server_had_before()
    {
        await using var host = await StartAsync(WithCookies);
        using var client = await UpgradeAsync(host, $"Cookie: {Cookie(host, DateTimeOffset.UtcNow.AddHours(1), Ada)}", keptAlive: true);
        var (upgrade, _) = await client.ReadResponseAsync();

        Assert.StartsWith("HTTP/1.1 101 ", upgrade, StringComparison.Ordinal);
        var frame = await client.ReadAsync(4);
        Assert.Contains("\"user\":\"ada\"", await client.ReadAsync((frame[2] << 8) | frame[3]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("throws", HttpStatusCode.InternalServerError)]
    [InlineData("nameless", HttpStatusCode.InternalServerError)]
    [InlineData("two\nlines", HttpStatusCode.InternalServerError)]
    [InlineData("hangs", HttpStatusCode.ServiceUnavailable)]
    public async Task Application_that_fails_refuses_the_one_connection_and_serves_the_next(string user, HttpStatusCode status)
    {
        await using var host = await StartAsync(WithBearer, ("Broker:Auth:Timeout", "200ms"));
        Assert.Equal(status, await RefusalAsync(host, user));
        await using var next = await JsonClient.ConnectAsync(host.WebSocket, Cancellation, static options => options.SetRequestHeader("Authorization", "Bearer ada"));
        Assert.Equal("ada", next.Welcome.GetProperty("user").GetString());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Application_that_hangs_is_asked_about_as_many_as_handshakes_and_told_who_leaves(bool keptAlive)
    {
        var hanging = new Hanging();
        await using var host = await StartAsync(
            builder =>
            {
                WithBearer(builder);
                builder.Services.AddSingleton(hanging);
            },
            ("Broker:Auth:Timeout", "60s"),
            ("Broker:Limits:Handshakes", "2"));
        using (var first = await AskAsync(host, keptAlive))
        using (var second = await AskAsync(host, keptAlive))
        {
            await hanging.Asked.WaitAsync(Cancellation);
            await hanging.Asked.WaitAsync(Cancellation);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, await RefusalAsync(host, "ada"));
        }

        await hanging.Told.WaitAsync(Cancellation);
        await hanging.Told.WaitAsync(Cancellation);
        HttpStatusCode status;
        do
        {
            status = await RefusalAsync(host, "nameless");
        }
        while (status == HttpStatusCode.ServiceUnavailable);
        Assert.Equal(HttpStatusCode.InternalServerError, status);
    }

    [Theory]
    [InlineData(null, "broker.auth.application.enabled: on, but the application has no authentication: call AddAuthentication")]
    [InlineData("", "broker.auth.application.scheme: the application's authentication has no default scheme: name one")]
    [InlineData("Other", "broker.auth.application.scheme: Other: the application's authentication has no scheme of this name")]
    public async Task Application_without_the_scheme_does_not_start(string? scheme, string expected)
    {
        var error = await Assert.ThrowsAsync<ConfigurationException>(() => StartAsync(
            builder =>
            {
                if (scheme is not null)
                {
                    builder.Services.AddAuthentication();
                }
            },
            ("Broker:Auth:Application:Scheme", scheme ?? "")));
        Assert.Equal([expected], error.Errors);
    }

    private static void WithCookies(WebApplicationBuilder builder) => builder.Services.AddAuthentication(Cookies).AddCookie(static options => options.Events.OnValidatePrincipal = static context =>
    {
        if (context.Principal!.HasClaim(static claim => claim.Type == "endless"))
        {
            context.Properties.ExpiresUtc = null;
        }

        return Task.CompletedTask;
    });

    private static void WithBearer(WebApplicationBuilder builder)
    {
        builder.Configuration["Broker:Auth:Application:Scheme"] = "Names";
        builder.Services.AddAuthentication().AddScheme<AuthenticationSchemeOptions, NameHandler>("Names", null);
    }

    private Task<InProcessHost> StartAsync(Action<WebApplicationBuilder> authentication, params (string Key, string Value)[] settings) => InProcessHost.StartAsync(Cancellation, builder =>
    {
        builder.Configuration["Broker:Auth:Application:Enabled"] = "true";
        builder.Configuration["Broker:Auth:DefaultRights:Subscribe:0"] = "own.{user}";
        authentication(builder);
        foreach (var (key, value) in settings)
        {
            builder.Configuration[key] = value;
        }
    });

    private Task<RawClient> AskAsync(InProcessHost host, bool keptAlive) => UpgradeAsync(host, "Authorization: Bearer hangs", keptAlive);

    /// <summary>Asks for an upgrade, and reads no answer.</summary>
    private async Task<RawClient> UpgradeAsync(InProcessHost host, string header, bool keptAlive)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(host.WebSocket.Host, host.WebSocket.Port, Cancellation);
        var client = new RawClient(socket, new NetworkStream(socket, ownsSocket: true));
        if (keptAlive)
        {
            await client.SendAsync("GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n");
            await client.ReadResponseAsync();
        }

        await client.SendAsync(
            $"GET /ws HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\n{header}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
        return client;
    }

    private Task<HttpStatusCode> RefusalAsync(InProcessHost host, string user) => JsonClient.RefusalAsync(host.WebSocket, options =>
    {
        options.CollectHttpResponseDetails = true;
        options.SetRequestHeader("Authorization", "Bearer " + Uri.EscapeDataString(user));
    }, Cancellation);

    private Task<JsonClient> ConnectAsync(InProcessHost host, Action<ClientWebSocketOptions> configure) => JsonClient.ConnectAsync(host.WebSocket, Cancellation, options =>
    {
        options.SetRequestHeader("Origin", new UriBuilder(host.WebSocket) { Scheme = "http", Path = "" }.Uri.ToString().TrimEnd('/'));
        configure(options);
    });

    private static void SignIn(ClientWebSocketOptions options, InProcessHost host, DateTimeOffset end, params Claim[] claims) =>
        options.SetRequestHeader("Cookie", Cookie(host, end, claims));

    /// <summary>What the application's <c>SignInAsync</c> would have set.</summary>
    private static string Cookie(InProcessHost host, DateTimeOffset end, params Claim[] claims)
    {
        var options = host.Services.GetRequiredService<IOptionsMonitor<CookieAuthenticationOptions>>().Get(Cookies);
        var properties = new AuthenticationProperties { IssuedUtc = DateTimeOffset.UtcNow, ExpiresUtc = end };
        var ticket = new AuthenticationTicket(new ClaimsPrincipal(new ClaimsIdentity(claims, Cookies)), properties, Cookies);
        return $"{options.Cookie.Name}={options.TicketDataFormat.Protect(ticket)}";
    }

    /// <summary>The token is the user's name; some names do what an application should not.</summary>
    private sealed class NameHandler(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
    {
        protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
        {
            if (Request.Headers.Authorization.Count == 0)
            {
                return AuthenticateResult.NoResult();
            }

            var name = Uri.UnescapeDataString(Request.Headers.Authorization.ToString()["Bearer ".Length..]);
            switch (name)
            {
                case "throws":
                    throw new InvalidOperationException("the store of users is away");
                case "hangs":
                    await HangAsync(Context.RequestServices.GetService<Hanging>());
                    break;
            }

            Claim[] claims = name == "nameless" ? [] : [new("sub", name)];
            return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(new ClaimsIdentity(claims, Scheme.Name)), Scheme.Name));
        }

        private async Task HangAsync(Hanging? hanging)
        {
            hanging?.Asked.Release();
            try
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, Context.RequestAborted);
            }
            finally
            {
                hanging?.Told.Release();
            }
        }
    }

    private sealed record Hanging
    {
        public SemaphoreSlim Asked { get; } = new(0);

        public SemaphoreSlim Told { get; } = new(0);
    }
}
