using System.CommandLine;
using System.Globalization;
using Broker.Fuzz.Campaign;
using Broker.Fuzz.Engine;
using Broker.Fuzz.Targets;

namespace Broker.Fuzz;

/// <summary>The command line; docs/FUZZING.md shows its use.</summary>
internal static class Program
{
    private static readonly Argument<string[]> Targets = new("target") { Description = "Names of targets; none: all.", Arity = ArgumentArity.ZeroOrMore };
    private static readonly Option<double> Seconds = new("--seconds") { Description = "Time for each target.", DefaultValueFactory = _ => 60 };
    private static readonly Option<long> Executions = new("--executions") { Description = "Inputs to try for each target.", DefaultValueFactory = _ => long.MaxValue };
    private static readonly Option<int> Seed = new("--seed") { Description = "Of the random source; by default another one each time.", DefaultValueFactory = _ => Random.Shared.Next() };
    private static readonly Option<int> Jobs = new("--jobs") { Description = "Targets at a time.", DefaultValueFactory = _ => Environment.ProcessorCount };
    private static readonly Option<string> Seeds = new("--seeds") { Description = "Directory of the committed inputs.", DefaultValueFactory = _ => "Broker.Tests/Fuzzing/Seeds" };
    private static readonly Option<string?> Keep = new("--keep") { Description = "Directory to start from as well, and for the inputs that were new." };
    private static readonly Option<string> Finds = new("--finds") { Description = "Directory for inputs that went wrong.", DefaultValueFactory = _ => "TestResults/fuzz" };
    private static readonly Argument<string> Name = new("target") { Description = "Name of the target." };
    private static readonly Argument<string> Input = new("input") { Description = "File with the input, or its bytes as base64: followed by base64." };
    private static readonly Argument<string[]> Files = new("file") { Description = "Files, one input each; their names stay.", Arity = ArgumentArity.OneOrMore };
    private static readonly Argument<string> Work = new("file");

    private static Task<int> Main(string[] args)
    {
        var run = new Command("run", "Fuzz targets; the exit code is 1 when something was found.") { Targets, Seconds, Executions, Seed, Jobs, Seeds, Keep, Finds };
        run.SetAction((parsed, cancellation) => RunAsync(parsed, cancellation));
        var reproduce = new Command("reproduce", "Run a target on one input; throws what it throws.") { Name, Input };
        reproduce.SetAction(Reproduce);
        var add = new Command("add", "Add inputs to the committed ones of a target.") { Name, Files, Seeds };
        add.SetAction(Add);
        var work = new Command(FuzzChild.Command, "Used by run.") { Work };
        work.Hidden = true;
        work.SetAction(parsed => FuzzWorker.Run(parsed.GetRequiredValue(Work)));
        return new RootCommand("Fuzzes what reads bytes of strangers.") { run, reproduce, add, work }.Parse(args).InvokeAsync();
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        var names = parsed.GetValue(Targets) is { Length: > 0 } given ? given : [.. FuzzTargets.All.Select(target => target.Name)];
        if (Array.Find(names, name => FuzzTargets.Find(name) is null) is { } unknown)
        {
            await Console.Error.WriteLineAsync($"There is no target {unknown}; there are {string.Join(", ", FuzzTargets.All.Select(target => target.Name))}.");
            return 2;
        }

        var settings = new FuzzSettings
        {
            Time = TimeSpan.FromSeconds(parsed.GetValue(Seconds)),
            Executions = parsed.GetValue(Executions),
            Seed = parsed.GetValue(Seed),
        };
        var reports = await FuzzCampaign.RunAsync(
            names, settings, parsed.GetRequiredValue(Seeds), parsed.GetValue(Keep), parsed.GetValue(Jobs), report => Show(report, parsed.GetRequiredValue(Finds)), cancellation);
        return reports.Any(report => report.Finds.Count > 0) ? 1 : 0;
    }

    private static void Show(FuzzReport report, string directory)
    {
        Console.WriteLine(report.ToString());
        foreach (var find in report.Finds)
        {
            Console.WriteLine(FindFiles.Write(directory, report, find));
        }
    }

    private static int Reproduce(ParseResult parsed)
    {
        const string Base64 = "base64:";
        var input = parsed.GetRequiredValue(Input);
        var bytes = input.StartsWith(Base64, StringComparison.Ordinal) ? Convert.FromBase64String(input[Base64.Length..]) : File.ReadAllBytes(input);
        var find = new Examiner(Target(parsed)).Run(bytes);
        Console.WriteLine(find is null ? string.Create(CultureInfo.InvariantCulture, $"{bytes.Length} bytes: nothing is wrong.") : $"{find.Problem}\n{find.Detail}");
        return find is null ? 0 : 1;
    }

    private static int Add(ParseResult parsed)
    {
        var archive = SeedFiles.ArchiveOf(parsed.GetRequiredValue(Seeds), Target(parsed).Name);
        var count = SeedFiles.Add(archive, parsed.GetRequiredValue(Files));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{archive}: {count} inputs."));
        return 0;
    }

    private static FuzzTarget Target(ParseResult parsed) =>
        FuzzTargets.Find(parsed.GetRequiredValue(Name)) ?? throw new ArgumentException("There is no such target.", nameof(parsed));
}
