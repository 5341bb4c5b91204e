namespace Broker.Protocol.Frames;

internal enum FrameHeaderStatus
{
    NeedMore,
    Complete,
    Invalid,
}
