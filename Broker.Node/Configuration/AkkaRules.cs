using Broker.Node.Configuration.Hocon;
using Broker.Node.Configuration.Options;

namespace Broker.Node.Configuration;

/// <summary>Arithmetic that must hold between our settings and Akka's, whoever wrote them.</summary>
internal static class AkkaRules
{
    /// <summary>Room in a frame beside the payload: numbers, topic, actor paths, protobuf.</summary>
    private const int FrameOverhead = 16 * 1024;

    /// <param name="options">Bound options.</param>
    /// <param name="akka">The tree the actor system gets.</param>
    /// <param name="source">The tree with the positions of <c>broker</c>.</param>
    /// <param name="errors">Takes refusals.</param>
    public static void Validate(BrokerOptions options, HoconObject akka, HoconObject source, ConfigurationErrors errors)
    {
        ValidateLevel(akka, "loglevel", errors);
        ValidateLevel(akka, "stdout-loglevel", errors);
        ValidateShutdown(options, akka, source, errors);
        ValidateHandOver(akka, errors);
        ValidateSplitBrain(akka, errors);
        ValidateFrame(options, akka, source, errors);
    }

    /// <summary>Akka throws at anything else, in the middle of its start.</summary>
    private static void ValidateLevel(HoconObject akka, string key, ConfigurationErrors errors)
    {
        string[] levels = ["DEBUG", "INFO", "WARNING", "ERROR", "OFF"];
        if (akka.Find("akka", key) is { } node && !(node is HoconScalar { Text: var text } && levels.Contains(text, StringComparer.OrdinalIgnoreCase)))
        {
            errors.Add(node, $"akka.{key}", $"one of {string.Join(", ", levels)}");
        }
    }

    private static void ValidateShutdown(BrokerOptions options, HoconObject akka, HoconObject source, ConfigurationErrors errors)
    {
        var total = TimeSpan.Zero;
        foreach (var (phase, node) in (akka.Find("akka", "coordinated-shutdown", "phases") as HoconObject)?.Members ?? new Dictionary<string, HoconNode>())
        {
            var time = Duration(akka, ["akka", "coordinated-shutdown", "phases", phase, "timeout"], errors) ?? TimeSpan.Zero;
            total += time;
            var least = phase switch
            {
                ShutdownBudget.Unready => options.Drain.Delay,
                ShutdownBudget.Drain => options.Drain.Time,
                _ => TimeSpan.Zero,
            };
            if (time < least)
            {
                errors.Add(node, $"akka.coordinated-shutdown.phases.{phase}.timeout", $"shorter than the {Seconds(least)} broker.drain asks for");
            }
        }

        if (total >= options.Platform.GracePeriod)
        {
            errors.Add(
                source.Find("broker", "platform", "grace-period"),
                "broker.platform.grace-period",
                $"{Seconds(options.Platform.GracePeriod)} is not more than the {Seconds(total)} a stop may take (broker.drain.delay {Seconds(options.Drain.Delay)}, broker.drain.time {Seconds(options.Drain.Time)}, the rest leaving the cluster): shorten broker.drain or raise it, here and at the platform");
        }
    }

    /// <summary>A partition that is not handed over in time is taken away: that must come before the node goes.</summary>
    private static void ValidateHandOver(HoconObject akka, ConfigurationErrors errors)
    {
        string[] handOff = ["akka", "cluster", "sharding", "handoff-timeout"];
        string[] phase = ["akka", "coordinated-shutdown", "phases", ShutdownBudget.HandingOver, "timeout"];
        if (Duration(akka, handOff, errors) is { } time && Duration(akka, phase, errors) is { } whole && time >= whole)
        {
            errors.Add(akka.Find(handOff), string.Join('.', handOff), $"{Seconds(time)} is not less than the {Seconds(whole)} of {string.Join('.', phase[1..])}");
        }
    }

    private static void ValidateSplitBrain(HoconObject akka, ConfigurationErrors errors)
    {
        string[] stable = ["akka", "cluster", "split-brain-resolver", "stable-after"];
        string[] pause = ["akka", "cluster", "failure-detector", "acceptable-heartbeat-pause"];
        if (Duration(akka, stable, errors) is { } stableAfter && Duration(akka, pause, errors) is { } acceptable && stableAfter < 2 * acceptable)
        {
            errors.Add(akka.Find(stable), string.Join('.', stable), $"{Seconds(stableAfter)} is less than twice failure-detector.acceptable-heartbeat-pause ({Seconds(acceptable)}): nodes would be downed before all see the same");
        }
    }

    private static void ValidateFrame(BrokerOptions options, HoconObject akka, HoconObject source, ConfigurationErrors errors)
    {
        string[] path = ["akka", "remote", "dot-netty", "tcp", "maximum-frame-size"];
        var node = akka.Find(path);
        if (HoconUnits.Size((node as HoconScalar)?.Text ?? "") is not { } frame)
        {
            errors.Add(node, string.Join('.', path), "a size (B, k, m)");
            return;
        }

        // A frame over the bound is dropped with a log line and nothing else. What is larger than an envelope travels in pieces.
        if (options.Lanes.Envelope + FrameOverhead >= frame)
        {
            errors.Add(source.Find("broker", "lanes", "envelope"), "broker.lanes.envelope", $"{options.Lanes.Envelope} bytes do not fit akka.remote.dot-netty.tcp.maximum-frame-size ({frame}) with {FrameOverhead} to spare");
        }
    }

    private static TimeSpan? Duration(HoconObject akka, string[] path, ConfigurationErrors errors)
    {
        var node = akka.Find(path);
        if (HoconUnits.Duration((node as HoconScalar)?.Text ?? "") is { } value)
        {
            return value;
        }

        errors.Add(node, string.Join('.', path), "a duration (ms, s, m, h, d)");
        return null;
    }

    private static string Seconds(TimeSpan time) => FormattableString.Invariant($"{time.TotalSeconds:0.###}s");
}
