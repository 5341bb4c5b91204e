using System.Security.Claims;
using Broker.Node;
using Host;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;

const string Cookies = CookieAuthenticationDefaults.AuthenticationScheme;
var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
builder.Services.AddAuthentication(Cookies).AddCookie(static cookie => cookie.LoginPath = "/login");
builder.Services.AddAuthorization();
builder.Services.AddSingleton<IBrokerHooks, StaffOnly>();
builder.AddBroker();

var app = builder.Build();
app.MapGet("/", () => "my own page");
app.MapPost("/announce", async (string text, IBroker broker) =>
    await broker.PublishAsync("news", new { text }) is PublishResult.Published ? Results.Accepted() : Results.StatusCode(503));

// Nobody's password is asked: this is about what becomes of a user who has signed in.
app.MapGet("/login", () => Results.Content(Pages.Login, "text/html"));
app.MapPost("/login", async context =>
{
    var name = (await context.Request.ReadFormAsync(context.RequestAborted))["name"].ToString();
    await context.SignInAsync(new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, name)], Cookies)));
    context.Response.Redirect("/me");
});
app.MapGet("/me", () => Results.Content(Pages.Me, "text/html")).RequireAuthorization();
await app.RunAsync();
