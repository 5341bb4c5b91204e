namespace Broker.Protocol.Http;

public sealed class RequestHead;
