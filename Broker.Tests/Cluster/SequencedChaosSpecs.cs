using Broker.Tests.Cluster.Faults;
using Broker.Tests.Support;

namespace Broker.Tests.Cluster;

/// <summary>
/// Whatever befalls nodes of a cluster one after the other, while clients come, go and go on from where they were: nothing acknowledged
/// is lost, nothing comes twice, no gap is unsaid, and nothing is taken back that was seen.
/// </summary>
public sealed class SequencedChaosSpecs : ProcessClusterSpecs
{
    private static readonly string[] Topics = [.. Enumerable.Range(1, 20).Select(static i => $"seq.c{i}")];

    public SequencedChaosSpecs() => Configure(RecordedRun.Settings);

    [Fact]
    public async Task Clients_of_sequenced_topics_see_what_may_be_whatever_befalls_nodes()
    {
        var network = Full ? Owned(await TestNetwork.CreateAsync(3, Cancellation)) : null;
        var nodes = network is null ? await StartThreeAsync() : await StartOnAsync(network);
        var seed = Environment.TickCount;
        Report($"seed {seed}");
        var run = Owned(new RecordedRun(
            Topics,
            (ended, other) => network is null ? StartAgainAsync(ended, other) : StartOnAgainAsync(network, ended),
            seed,
            Cancellation));
        run.Begin(nodes);
        await run.LoadAsync(publishers: 5, burst: 2, subscribers: 6);
        var random = new Random(seed);
        for (var (round, rounds) = (0, Full ? 11 : 2); round < rounds; round++)
        {
            await run.PassAsync(Full ? 10 : 3);
            run.Subscribers[random.Next(run.Subscribers.Count)].Drop();
            await BefallAsync(run, network, random.Next(3) + 1, Full ? round % 4 : round);
            run.Subscribers[random.Next(run.Subscribers.Count)].Drop();
        }

        await run.EndAsync();
        Report($"{RunFigures.Of(run.Recorder.Events)}");
        run.Check("sequenced-chaos");
    }

    private static async Task BefallAsync(RecordedRun run, TestNetwork? network, int host, int fault)
    {
        var name = $"n{host}";
        switch (fault)
        {
            case 0:
                await run.KillAsync(name);
                break;
            case 1:
                await run.StopAsync(name);
                break;
            case 2:
                if (!await run.PauseAsync(name, 2 + (host * 6)))
                {
                    return;
                }

                break;
            default:
                await run.CutOffAsync(network!, host);
                break;
        }

        await run.AcknowledgedAsync();
        await run.StartAgainAsync(name);
    }
}
