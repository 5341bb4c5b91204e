using System.Runtime.CompilerServices;
using Broker.Protocol.Frames;

namespace Broker.Protocol.Session;

/// <summary>Room for a frame header that reads have cut, inside its owner.</summary>
[InlineArray(FrameHeader.MaxSize)]
internal struct PartialHeader
{
    private byte _first;
}
