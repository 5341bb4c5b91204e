namespace Broker.Protocol.Http;

internal enum LineStatus
{
    NeedMore,
    Line,
    TooLong,
    Malformed,
}
