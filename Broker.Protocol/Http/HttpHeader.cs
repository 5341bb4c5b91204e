namespace Broker.Protocol.Http;

/// <summary>One header line; the name as received.</summary>
public readonly record struct HttpHeader(string Name, string Value);
