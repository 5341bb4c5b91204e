using System.Text.Json;
using System.Text.Json.Serialization;

namespace Broker.Bench.EndToEnd;

/// <summary>The line that the load generator prints. What a scenario does not measure is null.</summary>
internal sealed record LoadResult
{
    private static readonly JsonSerializerOptions Names = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public int Connections { get; init; }

    /// <summary>Opened and subscribed.</summary>
    public double ConnectionsPerS { get; init; }

    /// <summary>CPU time of the servers, µs.</summary>
    public double CpuUsPerConnection { get; init; }

    /// <summary>What the servers' memory grew by, KiB.</summary>
    public double RssKbPerConnection { get; init; }

    /// <summary>Connections that received something compressed.</summary>
    public int Deflating { get; init; }

    public double? PublishesPerS { get; init; }

    public double? DeliveriesPerS { get; init; }

    /// <summary>CPU time of all server processes, µs.</summary>
    public double? CpuUsPerDelivery { get; init; }

    /// <summary>Cores that the servers used.</summary>
    public double? ServerCpu { get; init; }

    /// <summary>Of the one core that the load generator has.</summary>
    public double? LoadCpu { get; init; }

    [JsonPropertyName("p50_us")]
    public double? P50 { get; init; }

    [JsonPropertyName("p99_us")]
    public double? P99 { get; init; }

    [JsonPropertyName("p999_us")]
    public double? P999 { get; init; }

    [JsonPropertyName("max_us")]
    public double? Max { get; init; }

    /// <summary>WebSocket frames with data that the clients received.</summary>
    public double? FramesPerS { get; init; }

    /// <summary>Received by the clients.</summary>
    public double? MbPerS { get; init; }

    /// <summary>Of the servers, under load.</summary>
    public double? RssLoadedMb { get; init; }

    /// <summary>Connections that ended.</summary>
    public int Dead { get; init; }

    /// <exception cref="BenchException">It is not such a line.</exception>
    public static LoadResult Parse(string line)
    {
        try
        {
            return JsonSerializer.Deserialize<LoadResult>(line, Names) ?? throw new BenchException("The load generator printed null.");
        }
        catch (JsonException)
        {
            throw new BenchException($"The load generator printed no result: {line}");
        }
    }
}
