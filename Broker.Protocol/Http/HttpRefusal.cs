namespace Broker.Protocol.Http;

/// <summary>Why a head was refused: the status to answer (400, 414, 431, 505) and a text for people. Status 0: not refused.</summary>
public readonly record struct HttpRefusal(int Status, string Reason);
