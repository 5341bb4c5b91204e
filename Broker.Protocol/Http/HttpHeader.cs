namespace Broker.Protocol.Http;

/// <summary>One header field line: the value without surrounding whitespace, bytes over 0x7F as Latin-1.</summary>
public readonly record struct HttpHeader(string Name, string Value);
