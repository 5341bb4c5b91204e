using System.Net;

namespace Broker.Node.Http;

/// <summary>
/// The address of a Kestrel endpoint that listens nowhere: its connections come from <see cref="HttpFrontDoor"/>. A type of
/// its own, so that Kestrel's socket transport goes on serving every other address.
/// </summary>
internal sealed class FrontDoorEndPoint : EndPoint
{
    public static FrontDoorEndPoint Instance { get; } = new();

    public override string ToString() => "front-door";
}
