using System.Globalization;
using System.Text.RegularExpressions;
using Broker.Node.Configuration;
using Broker.Node.Configuration.Hocon;
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

    private static HoconObject Read(string name) => new HoconReader(_ => null).ReadText(name, ConfigurationFiles.BuiltIn(name)!)!;

    [GeneratedRegex(@"^\| `(broker\.[a-z.-]+)`[^|]*\| (\S+) \| (\S+) \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"^\| `(max-[a-z]+)` \| (\S+) \|", RegexOptions.Multiline)]
    private static partial Regex TopicRow();

    [GeneratedRegex(@"`(broker\.(?:(?:connections|handshakes|tokens|requests)\.refused|abuse|connections\.closed) [^`]+)`")]
    private static partial Regex Metric();
}
