using System.Globalization;
using System.Text.RegularExpressions;
using Broker.Node.Auth;
using Broker.Node.Configuration;
using Broker.Node.Configuration.Hocon;
using Broker.Node.Configuration.Options;
using Broker.Node.Delivery;
using Broker.Node.Hosting.Application;
using Broker.Node.Http;
using Broker.Node.Lanes;
using Broker.Node.Links;
using Broker.Node.Listening;
using Broker.Node.Ownership;
using Broker.Node.Topics;
using Broker.Node.Transports.Sessions;
using Broker.Tests.Diagnostics;
using Broker.Tests.Support;

namespace Broker.Tests.Configuration;

/// <summary><c>docs/LIMITS.md</c> says what the files and the code say.</summary>
public sealed partial class LimitsDocumentSpecs
{
    private static readonly string Text = File.ReadAllText(Path.Combine(SourceTree.Root, "docs", "LIMITS.md"));

    private static readonly string[] Sections = ["limits", "memory", "rate", "heartbeat"];

    /// <summary>Rows of tables: setting, values of the profiles.</summary>
    private static readonly Dictionary<string, (string Production, string Broker)> Rows = Row().Matches(Text)
        .ToDictionary(static row => row.Groups[1].Value, static row => (row.Groups[2].Value, row.Groups[3].Value));

    [Fact]
    public void Every_limit_and_rate_has_a_row()
    {
        var reference = Read("reference.conf");
        var settings = Sections
            .SelectMany(section => ((HoconObject)reference.Find("broker", section)!).Members.Select(member => $"broker.{section}.{member.Key}"));
        Assert.Equal(["broker.rate.per"], settings.Where(static setting => !Rows.ContainsKey(setting)));
        Assert.Contains("`broker.rate.per`", Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Values_are_those_of_the_profiles()
    {
        var (reference, production, broker) = (Read("reference.conf"), Read("production.conf"), Read("broker.conf"));
        foreach (var (setting, values) in Rows)
        {
            Assert.Equal((setting, Value(setting, production), Value(setting, broker)), (setting, values.Production, values.Broker));
        }

        string Value(string setting, HoconObject profile)
        {
            var path = setting.Split('.');
            return ((HoconScalar)(profile.Find(path) ?? reference.Find(path) ?? throw new KeyNotFoundException(setting))).Text;
        }
    }

    [Fact]
    public void Settings_of_topics_have_their_defaults()
    {
        var d = new TopicOptions();
        Assert.Equal(
            new Dictionary<string, string>
            {
                ["max-size"] = d.MaxSize.ToString(CultureInfo.InvariantCulture),
                ["max-subscribers"] = d.MaxSubscribers.ToString(CultureInfo.InvariantCulture),
            },
            TopicRow().Matches(Text).ToDictionary(static row => row.Groups[1].Value, static row => row.Groups[2].Value));
    }

    /// <summary>Where a bound has no setting the document has its number.</summary>
    [Theory]
    [InlineData("characters of a token", JwtParts.MaxLength)]
    [InlineData("levels of arrays and objects in the parts of a token", StrictJson.MaxDepth)]
    [InlineData("bytes of a token's `sub`", JwtClaimRules.MaxSubject)]
    [InlineData("bytes of a token's `info`", RightsClaim.MaxInfo)]
    [InlineData("signatures of public keys (RS, ES) verified in a second for such an address", TokenGuesses.Verifications)]
    [InlineData("bytes of a topic's name", TopicName.MaxLength)]
    [InlineData("connections that wait for ASP.NET Core", HttpFrontDoor.MaxWaiting)]
    [InlineData("connections that were refused before anybody read their request, and are still closing", LingeringClose.MaxClosing)]
    [InlineData("of each of them: time; bytes read and thrown away", LingeringClose.MaxDiscarded)]
    [InlineData("publishes of the application under way at once, to broadcast topics and to each of the 256 partitions", PublishWindows.Concurrent)]
    [InlineData("publishes of the application that wait", PublishWindows.MaxWaiting)]
    [InlineData("of these, to one of the 256 partitions", PublishWindows.MaxWaitingSequenced)]
    [InlineData("publications of the application in a batch", ApplicationPublishes.MaxBatch)]
    [InlineData("questions of the application about topics under way at once", TopicQuestions.MaxUnderWay)]
    [InlineData("subscriptions of the application", ServerSubscriptions.Most)]
    [InlineData("bytes of a key set (JWKS)", JwksReader.MaxBytes)]
    [InlineData("bytes of pongs that wait for a client that does not read", ControlFrames.PongRoom)]
    [InlineData("posts of a session that wait for the one before them, or for room; how long", PostOrder.MaxWaiting)]
    [InlineData("characters of tokens for which tickets of a node wait to be used; how long", TicketTable.Room)]
    [InlineData("bytes of a piece of a request to a session of another node, or of the answer", SessionPart.Longest)]
    [InlineData("requests of other nodes of which only some pieces have come", SessionsActor.MaxPartial)]
    [InlineData("envelopes to another node under way, for each lane", OutgoingLink.MaxInFlight)]
    [InlineData("bytes of a message to other nodes, with its topic", PieceAssembly.MaxEntry)]
    [InlineData("partitions that move at the same time", PartitionAllocation.MostAtOnce)]
    [InlineData("commands that a lane executes at a time", LaneTurn.Slice)]
    [InlineData("subscriptions of ended connections that a lane closes at a time, and one more for each command of others", LaneTurn.LeaveSlice)]
    [InlineData("writers that a drainer takes at a time", FanOutPool.Slice)]
    [InlineData("writers that lanes leave to the lane that follows; each lane once, until somebody has drained", FanOutPool.Slice)]
    public void Bounds_without_a_setting_are_those_of_the_code(string what, int bound)
    {
        var row = Assert.Single(Text.Split('\n'), line => line.StartsWith($"| {what} |", StringComparison.Ordinal));
        Assert.Contains(bound.ToString(CultureInfo.InvariantCulture), row.Split('|')[2], StringComparison.Ordinal);
    }

    [Fact]
    public void Fence_wait_is_that_of_the_code() =>
        Assert.Contains(
            string.Create(CultureInfo.InvariantCulture, $"| seconds that publishes and subscribes wait while the node may promise nothing | {LaneActor.FenceWait.TotalSeconds} |"),
            Text,
            StringComparison.Ordinal);

    [Fact]
    public void Metrics_exist_and_none_is_left_out()
    {
        using var recorded = new RecordedMetrics();
        BrokerMetricsSpecs.CountEverything(recorded.Metrics);
        var counted = recorded.All.Keys.ToHashSet(StringComparer.Ordinal);
        var named = Metric().Matches(Text).Select(static metric => metric.Groups[1].Value).ToHashSet(StringComparer.Ordinal);
        Assert.Empty(named.Except(counted));

        // Error codes and closes that no limit causes are in PROTOCOL.md.
        Assert.DoesNotContain(counted.Except(named), static name =>
            !name.StartsWith("broker.requests.refused", StringComparison.Ordinal)
            && !name.StartsWith("broker.connections.closed", StringComparison.Ordinal)
            && name != "broker.tokens.refused expired");
    }

    [Fact]
    public void Metric_without_a_reason_has_a_row_with_its_unit()
    {
        using var recorded = new RecordedMetrics();
        BrokerMetricsSpecs.ShowEverything(recorded.Metrics);
        var rows = Measured().Matches(Text).ToDictionary(static row => row.Groups[1].Value, static row => row.Groups[2].Value);
        Assert.Equal(
            recorded.Instruments.Where(static instrument => !Text.Contains($"`{instrument.Key} ", StringComparison.Ordinal)).OrderBy(static instrument => instrument.Key, StringComparer.Ordinal),
            rows.OrderBy(static row => row.Key, StringComparer.Ordinal));
    }

    private static HoconObject Read(string name) => new HoconReader(_ => null).ReadText(name, ConfigurationFiles.BuiltIn(name)!)!;

    [GeneratedRegex(@"^\| `(broker\.[a-z.-]+)`[^|]*\| (\S+) \| (\S+) \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"^\| `(max-[a-z]+)` \| (\S+) \|", RegexOptions.Multiline)]
    private static partial Regex TopicRow();

    [GeneratedRegex(@"^\| `(broker\.[a-z.]+)` \| (By|s|\{[a-z]+\}) \|", RegexOptions.Multiline)]
    private static partial Regex Measured();

    [GeneratedRegex(@"`(broker\.(?:(?:connections|handshakes|tokens|requests)\.refused|abuse|connections\.closed|topics\.skipped|memory\.cuts) [^`]+)`")]
    private static partial Regex Metric();
}
