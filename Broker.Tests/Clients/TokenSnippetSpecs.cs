using System.Net.WebSockets;
using System.Text;
using System.Text.RegularExpressions;
using Broker.Tests.Support;

namespace Broker.Tests.Clients;

/// <summary>What the operating page shows for signing tokens, taken from the page and run as it says.</summary>
[Collection(RealClients.Name)]
public sealed partial class TokenSnippetSpecs : RealClientSpecs
{
    private const string Variable = "BROKER__AUTH__KEYS__0__SECRET";

    private const string Secret = "d41f8a0c7be3925164aa0bd9c3f7e85210936cfe4b7d8a1e";

    /// <summary>What <c>dotnet test</c> sets for itself, and would make another SDK's business of the file.</summary>
    private static readonly string[] OfTheRun = ["MSBuildSDKsPath", "MSBuildExtensionsPath", "MSBUILD_EXE_PATH", "MSBuildLoadMicrosoftTargetsReadOnly", "DOTNET_HOST_PATH"];

    [Theory]
    [InlineData("csharp", "token.cs", "dotnet", "run")]
    [InlineData("js", "token.mjs", "node")]
    public async Task Token_signed_as_the_page_shows_opens_a_connection(string language, string file, params string[] command)
    {
        var program = RequiredTool.Find(command[0]);
        var directory = Directory.CreateTempSubdirectory("broker-token-");
        try
        {
            var path = Path.Combine(directory.FullName, file);
            await File.WriteAllTextAsync(path, Snippet(language), Cancellation);
            var (exitCode, output) = await ChildProcess.RunAsync(
                RequiredTool.Find("env"), ["-C", directory.FullName, .. OfTheRun.SelectMany(static name => new[] { "-u", name }), $"{Variable}={Secret}", program, .. command[1..], path], Cancellation);
            Assert.True(exitCode == 0, output);
            await using var node = await NodeProcess.StartAsync(
                [], Cancellation, new Dictionary<string, string> { [Variable] = Secret, ["BROKER__AUTH__KEYS__0__ALGORITHM"] = "HS256", ["BROKER__AUTH__ANONYMOUS"] = "off" });
            Assert.Contains("\"user\":\"42\"", await WelcomeAsync(node.WebSocket, output.Trim()), StringComparison.Ordinal);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private async Task<string> WelcomeAsync(Uri address, string token)
    {
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Authorization", "Bearer " + token);
        await socket.ConnectAsync(address, Cancellation);
        var buffer = new byte[4096];
        var welcome = await socket.ReceiveAsync(buffer, Cancellation);
        return Encoding.UTF8.GetString(buffer, 0, welcome.Count);
    }

    /// <summary>The one block in this language below the heading.</summary>
    private static string Snippet(string language)
    {
        var page = File.ReadAllText(Path.Combine(SourceTree.Root, "docs", "OPERATING.md"));
        var section = page[page.IndexOf("\n## Tokens\n", StringComparison.Ordinal)..];
        section = section[..section.IndexOf("\n## ", 1, StringComparison.Ordinal)];
        return Assert.Single(Block().Matches(section), block => block.Groups[1].Value == language).Groups[2].Value;
    }

    [GeneratedRegex("^```(\\w+)\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();
}
