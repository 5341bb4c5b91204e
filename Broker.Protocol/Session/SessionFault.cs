using Broker.Protocol.Frames;

namespace Broker.Protocol.Session;

/// <summary>A peer's fault: the code and reason of the close frame that says so, and the limit behind a 1008.</summary>
internal sealed record SessionFault(CloseCode Code, string Reason, WebSocketAbuse Abuse = WebSocketAbuse.None)
{
    public static readonly SessionFault MalformedHeader = new(CloseCode.ProtocolError, "Malformed frame header");
    public static readonly SessionFault Masked = new(CloseCode.ProtocolError, "Masked frame");
    public static readonly SessionFault Unmasked = new(CloseCode.ProtocolError, "Unmasked frame");
    public static readonly SessionFault StrayContinuation = new(CloseCode.ProtocolError, "Continuation of nothing");
    public static readonly SessionFault MessageInMessage = new(CloseCode.ProtocolError, "Message inside a message");
    public static readonly SessionFault Text = new(CloseCode.UnsupportedData, "Text is not accepted");
    public static readonly SessionFault Binary = new(CloseCode.UnsupportedData, "Binary is not accepted");
    public static readonly SessionFault InvalidUtf8 = new(CloseCode.InvalidPayloadData, "Invalid UTF-8");
    public static readonly SessionFault InvalidDeflate = new(CloseCode.InvalidPayloadData, "Invalid compressed data");
    public static readonly SessionFault TooBig = new(CloseCode.MessageTooBig, "message too big");
    public static readonly SessionFault Fragments = new(CloseCode.PolicyViolation, "abuse", WebSocketAbuse.Fragments);
    public static readonly SessionFault ControlFrames = new(CloseCode.PolicyViolation, "abuse", WebSocketAbuse.ControlFrames);
}
