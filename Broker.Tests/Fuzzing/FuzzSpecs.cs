using Broker.Fuzz.Campaign;
using Broker.Fuzz.Engine;
using Broker.Fuzz.Targets;
using Broker.Tests.Support;

namespace Broker.Tests.Fuzzing;

/// <summary>
/// The fuzz targets on their committed inputs, and fuzzing itself: a minute where clients are required (CI), some
/// seconds elsewhere, ten million executions a target with BROKER_TESTS_FULL=1. What is found is written to
/// <c>TestResults/fuzz</c> and belongs into the seeds once it is fixed.
/// </summary>
[Collection(FuzzingProcesses.Name)]
public sealed class FuzzSpecs
{
    private const long FullExecutions = 10_000_000;

    private static readonly string Seeds = Path.Combine(SourceTree.Root, "Broker.Tests", "Fuzzing", "Seeds");
    private static readonly string Finds = Path.Combine(SourceTree.Root, "TestResults", "fuzz");

    public static TheoryData<string> Targets => [.. FuzzTargets.All.Select(target => target.Name)];

    private static TimeSpan TotalTime =>
        Environment.GetEnvironmentVariable("BROKER_TESTS_REQUIRE_CLIENTS") == "1" ? TimeSpan.FromSeconds(60) : TimeSpan.FromSeconds(6);

    private static bool Full => Environment.GetEnvironmentVariable("BROKER_TESTS_FULL") == "1";

    [Theory]
    [MemberData(nameof(Targets))]
    public void Every_committed_input_is_handled(string name)
    {
        var target = FuzzTargets.Find(name)!;
        var seeds = SeedFiles.Read(SeedFiles.Of(Seeds, name));
        Assert.NotEmpty(seeds);
        var examiner = new Examiner(target);
        Assert.All(seeds, seed =>
        {
            Assert.InRange(seed.Input.Length, 0, target.MaxLength);
            var find = examiner.Run(seed.Input);
            Assert.True(find is null, $"{seed.Name}: {find?.Problem}\n{find?.Detail}");
        });
    }

    [Fact]
    public async Task Fuzzing_finds_nothing()
    {
        var targets = FuzzTargets.All.Select(target => target.Name).ToList();
        var jobs = Environment.ProcessorCount;
        var settings = new FuzzSettings
        {
            Seed = Random.Shared.Next(),
            Time = Full ? TimeSpan.FromHours(1) : TotalTime * jobs / targets.Count,
            Executions = Full ? FullExecutions : long.MaxValue,
        };
        var output = TestContext.Current.TestOutputHelper!;
        var reports = await FuzzCampaign.RunAsync(
            targets, settings, Seeds, kept: null, jobs, report => output.WriteLine(report.ToString()), TestContext.Current.CancellationToken);

        Assert.Equal(targets.Order(), reports.Select(report => report.Target).Order());
        var finds = reports.SelectMany(report => report.Finds.Select(find => FindFiles.Write(Finds, report, find)));
        Assert.True(!finds.Any(), string.Join('\n', finds));

        // Without instrumentation there are no edges, and without feedback no inputs beside the seeds.
        Assert.All(reports, report => Assert.True(report.SeedEdges > 50 && (!Full || report.Executions >= FullExecutions), report.ToString()));
        Assert.True(reports.Sum(report => report.Corpus) > targets.Sum(target => SeedFiles.Read(SeedFiles.Of(Seeds, target)).Count));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Fault_behind_four_comparisons_is_found_with_feedback_and_not_without(bool feedback)
    {
        var settings = new FuzzSettings { Seed = 1, Executions = 400_000, Finds = 1, Feedback = feedback };
        var reports = await FuzzCampaign.RunAsync(["planted-bug"], settings, Seeds, kept: null, jobs: 1, _ => { }, TestContext.Current.CancellationToken);

        var report = Assert.Single(reports);
        if (feedback)
        {
            var find = Assert.Single(report.Finds);
            Assert.Contains("The planted bug.", find.Detail, StringComparison.Ordinal);

            // Shortened, and still the same: its ninth byte is the last that counts.
            Assert.Equal(9, find.Input.Length);
        }
        else
        {
            Assert.Empty(report.Finds);
            Assert.Equal(settings.Executions, report.Executions);
        }
    }

    /// <summary>In one campaign: the target that hangs keeps no other waiting.</summary>
    [Fact]
    public async Task Fault_of_every_other_kind_is_found()
    {
        var problems = new Dictionary<string, string>
        {
            ["planted-hang"] = "does not end",
            ["planted-overflow"] = "ends the process with 134",
            ["planted-delay"] = "takes over 100 ms",
            ["planted-allocation"] = "allocates over 4194304 bytes",
            ["planted-leak"] = "retains over 4194304 bytes",
        };
        var settings = new FuzzSettings { Seed = 1, Executions = 1_000_000, Finds = 1 };
        var reports = await FuzzCampaign.RunAsync(
            [.. problems.Keys], settings, Seeds, kept: null, Environment.ProcessorCount, _ => { }, TestContext.Current.CancellationToken);

        Assert.Equal(problems, reports.ToDictionary(report => report.Target, report => Assert.Single(report.Finds).Problem));
    }
}
