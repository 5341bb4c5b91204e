using System.Net.Sockets;
using Akka.Actor;

namespace Broker.Node.Membership;

/// <summary>
/// Whether anything listens at a seed's address: a plain TCP connection, so that a seed that is down costs no association, and no
/// line in anybody's log.
/// </summary>
internal static class SeedProbe
{
    /// <summary>Shorter than the time between two rounds of questions.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(1.5);

    public static async Task<SeedAnswer> AskAsync(Address seed, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Timeout);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(seed.Host!, seed.Port!.Value, limit.Token);
            return SeedAnswer.Listens;
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.ConnectionRefused)
        {
            return SeedAnswer.Refuses;
        }
        catch (Exception error) when (error is SocketException or OperationCanceledException)
        {
            return SeedAnswer.Nothing;
        }
    }
}

/// <summary>Outcome of a <see cref="SeedProbe"/>.</summary>
internal enum SeedAnswer
{
    /// <summary>No answer, no route, no such name: it may be running.</summary>
    Nothing,

    /// <summary>Its machine answers that nothing listens there.</summary>
    Refuses,

    /// <summary>Something listens.</summary>
    Listens,
}
