using System.CommandLine;

namespace Broker.Bench.EndToEnd;

/// <summary>The command line: <c>run</c> and <c>allocation</c> measure, <c>prepare</c> only installs and compiles, <c>list</c> says what there is.</summary>
internal sealed class BenchCommand
{
    private readonly Option<string[]> _scenarios = Names("--scenario", "NAME,…", "Scenarios; default: all.", Scenarios.Groups.SelectMany(static group => group.Scenarios).Select(static scenario => scenario.Name));
    private readonly Option<string[]> _peers = Names("--peer", "NAME,…", "Peers; default: those of each scenario, see list.", Peers.All.Select(static peer => peer.Name));
    private readonly Option<int> _runs = Number("--runs", "Runs of each scenario.", new RunOptions().Runs);
    private readonly Option<int> _seconds = Number("--secs", "Measured seconds of a run.", new RunOptions().Seconds);
    private readonly Option<int> _allocationSeconds = Number("--secs", "Counted seconds of each load.", 20);
    private readonly Option<int> _warmup = Number("--warmup", "Seconds under load before them.", new RunOptions().Warmup);
    private readonly Option<int> _connections = Number("--connections", "Most connections: scales scenarios down, to try the machinery.", new RunOptions().MostConnections);
    private readonly Option<string> _processor = new("--load-cpu") { HelpName = "N", Description = "Processor of the load generator, or any; default: the last one.", DefaultValueFactory = static _ => $"{Environment.ProcessorCount - 1}" };
    private readonly Option<DirectoryInfo?> _out = new("--out") { HelpName = "DIR", Description = "Where table.md and results.json go; default: artifacts/bench/<time>." };
    private readonly Option<bool> _install = new("--install") { Description = "Install missing packages with apt-get (root)." };
    private readonly Option<bool> _noBuild = new("--no-build") { Description = "Use what an earlier run or prepare compiled." };

    private readonly Option<int> _users = Number("--users", "Users, each with a connection.", 1000);
    private readonly Option<int> _clients = Number("--clients", "Clients of the node.", 10_000);

    private readonly Option<int> _rooms = Number("--rooms", "Rooms in the cluster.", 150);
    private readonly Option<bool> _kill = new("--kill") { Description = "Kill the node; else it is told to stop." };

    private readonly Option<bool> _sockets = new("--sockets") { Description = "Players have sockets, and each step adds --rooms until steps come too late; else they are in the node's process." };

    private readonly RootCommand _root;

    public BenchCommand()
    {
        _processor.Validators.Add(static result =>
        {
            if (result.GetValueOrDefault<string>() is { } text && text != "any" && !(int.TryParse(text, out var number) && number >= 0 && number < Environment.ProcessorCount))
            {
                result.AddError("--load-cpu: the number of a processor, or any.");
            }
        });
        var run = new Command("run", "Measure, and write tables and raw results.") { _scenarios, _peers, _runs, _seconds, _warmup, _connections, _processor, _out, _install, _noBuild };
        run.SetAction(RunAsync);
        var allocation = new Command("allocation", "Count what the node allocates for a publish, at 10, 100 and 1,000 subscribers.") { _allocationSeconds, _warmup, _install, _noBuild };
        allocation.SetAction(AllocationAsync);
        var prepare = new Command("prepare", "Install and compile what run needs.") { _peers, _install };
        prepare.SetAction(PrepareAsync);
        var users = new Command("users", "How long a batch to many users on two nodes takes until the last one has it.") { _users };
        users.SetAction((parsed, cancellation) => ReportAsync(() => new UsersRun(Workbench.Find(), parsed.GetValue(_users), Console.Out).ExecuteAsync(cancellation)));
        var back = new Command("return", "How long the clients of a node that is killed take to come back to the others, and what they recover.") { _clients };
        back.SetAction((parsed, cancellation) => ReportAsync(() => new ReturnRun(Workbench.Find(), parsed.GetValue(_clients), Console.Out).ExecuteAsync(cancellation)));
        var rooms = new Command("rooms", "How long rooms stand still whose node ends.") { _rooms, _kill };
        rooms.SetAction((parsed, cancellation) => ReportAsync(() => new RoomsRun(Workbench.Find(), parsed.GetValue(_rooms), parsed.GetValue(_kill), Console.Out).ExecuteAsync(cancellation)));
        var steps = new Command("steps", "How far the steps of many rooms are from where they belong, on one node.") { _rooms, _sockets };
        steps.SetAction((parsed, cancellation) => ReportAsync(() =>
        {
            var run = new StepsRun(Workbench.Find(), Console.Out);
            return parsed.GetValue(_sockets) ? run.BySocketsAsync(parsed.GetValue(_rooms), cancellation) : run.InProcessAsync(parsed.GetValue(_rooms), cancellation);
        }));
        var list = new Command("list", "Print the scenarios and peers.");
        list.SetAction(static _ => List(Console.Out));
        _root = new RootCommand("Measures the broker beside others. Microbenchmarks: micro, with the options of BenchmarkDotNet.") { run, allocation, users, back, rooms, steps, prepare, list };
    }

    public Task<int> InvokeAsync(string[] args) => _root.Parse(args).InvokeAsync();

    private static async Task<int> ReportAsync(Func<Task<int>> action)
    {
        try
        {
            return await action();
        }
        catch (BenchException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return 1;
        }
    }

    private Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        var options = new RunOptions
        {
            Scenarios = parsed.GetValue(_scenarios) ?? [],
            Peers = parsed.GetValue(_peers) ?? [],
            Runs = parsed.GetValue(_runs),
            Seconds = parsed.GetValue(_seconds),
            Warmup = parsed.GetValue(_warmup),
            MostConnections = parsed.GetValue(_connections),
            Processor = int.TryParse(parsed.GetValue(_processor), out var number) ? number : null,
        };
        return ReportAsync(() =>
        {
            var bench = Workbench.Find();
            var directory = parsed.GetValue(_out)?.FullName ?? Path.Combine(bench.Output, $"{DateTime.UtcNow:yyyyMMdd-HHmmss}");
            return new BenchRun(bench, options, directory, Console.Out).ExecuteAsync(parsed.GetValue(_install), !parsed.GetValue(_noBuild), cancellation);
        });
    }

    private Task<int> AllocationAsync(ParseResult parsed, CancellationToken cancellation) => ReportAsync(async () =>
    {
        var bench = Workbench.Find();
        if (parsed.GetValue(_install))
        {
            await Preparation.InstallAsync(Console.Out, cancellation);
        }

        if (!parsed.GetValue(_noBuild))
        {
            await Preparation.CompileLoadGeneratorAsync(bench, cancellation);
        }

        return await new AllocationRun(bench, parsed.GetValue(_allocationSeconds), parsed.GetValue(_warmup), Console.Out).ExecuteAsync([10, 100, 1000], cancellation);
    });

    private Task<int> PrepareAsync(ParseResult parsed, CancellationToken cancellation) => ReportAsync(async () =>
    {
        var run = new BenchRun(Workbench.Find(), new RunOptions { Peers = parsed.GetValue(_peers) ?? [] }, "", Console.Out);
        return await run.PrepareAsync(parsed.GetValue(_install), build: true, cancellation) > 0 ? 1 : 0;
    });

    private static void List(TextWriter output)
    {
        foreach (var group in Scenarios.Groups)
        {
            output.WriteLine($"{group.Title} ({string.Join(", ", Runner.PeersOf(group, new RunOptions()).Select(static peer => peer.Name))})");
            foreach (var scenario in group.Scenarios)
            {
                output.WriteLine($"  {scenario.Name,-12} {scenario.Description}");
            }
        }
    }

    private static Option<string[]> Names(string name, string help, string description, IEnumerable<string> allowed)
    {
        var option = new Option<string[]>(name)
        {
            HelpName = help,
            Description = description,
            CustomParser = static result => [.. result.Tokens.SelectMany(static token => token.Value.Split(',', StringSplitOptions.RemoveEmptyEntries))],
        };
        var known = allowed.ToHashSet(StringComparer.OrdinalIgnoreCase);
        option.Validators.Add(result =>
        {
            foreach (var text in result.Tokens.SelectMany(static token => token.Value.Split(',', StringSplitOptions.RemoveEmptyEntries)).Where(text => !known.Contains(text)))
            {
                result.AddError($"{name}: {text} is none of {string.Join(", ", known)}.");
            }
        });
        return option;
    }

    private static Option<int> Number(string name, string description, int value)
    {
        var option = new Option<int>(name) { HelpName = "N", Description = description, DefaultValueFactory = _ => value };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && !(int.TryParse(result.Tokens[0].Value, out var number) && number > 0))
            {
                result.AddError($"{name}: a number above 0.");
            }
        });
        return option;
    }
}
