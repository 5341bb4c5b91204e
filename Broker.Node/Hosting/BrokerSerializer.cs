using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Serialization;
using Broker.Node.Lanes;
using Broker.Node.Links;
using Broker.Node.Membership;
using Broker.Node.Ownership;
using Broker.Node.Rooms;
using Broker.Node.Transports.Sessions;

namespace Broker.Node.Hosting;

/// <summary>
/// The closed set of messages between nodes, each under a manifest of a letter or two. What it does not know or cannot read is a
/// <see cref="SerializationException"/>, which Akka.Remote logs; the association lives on.
/// </summary>
internal sealed class BrokerSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    public const int Id = 4242;
    public const string Hello = "h";
    public const string Welcome = "w";
    public const string Envelope = "e";
    public const string Ack = "a";
    public const string Resend = "r";
    public const string Statement = "s";
    public const string Pulse = "p";
    public const string PulseAnswer = "q";
    public const string Meeting = "m";
    public const string MeetingAnswer = "n";
    public const string Poke = "k";
    public const string RoomInput = "i";
    public const string RoomReply = "j";
    public const string LobbyAsk = "la";
    public const string LobbyReply = "lr";
    public const string RoomsShown = "ls";
    public const string LobbyHeard = "lh";
    public const string SessionPart = "sp";

    public override int Identifier => Id;

    public override string Manifest(object o) => o switch
    {
        LinkEnvelope => Envelope,
        LinkAck => Ack,
        LinkStatement => Statement,
        LinkResend => Resend,
        LinkHello => Hello,
        LinkWelcome => Welcome,
        Membership.Pulse => Pulse,
        Membership.PulseAnswer => PulseAnswer,
        Membership.Meeting => Meeting,
        Membership.MeetingAnswer => MeetingAnswer,
        PartitionPoke => Poke,
        Lanes.RoomInput => RoomInput,
        Lanes.RoomReply => RoomReply,
        Rooms.LobbyAsk => LobbyAsk,
        Rooms.LobbyReply => LobbyReply,
        Rooms.RoomsShown => RoomsShown,
        Rooms.LobbyHeard => LobbyHeard,
        Transports.Sessions.SessionPart => SessionPart,
        _ => throw new SerializationException($"Not a message between nodes: {o?.GetType().FullName}"),
    };

    public override byte[] ToBinary(object obj) => obj switch
    {
        LinkMessage message => LinkCodec.Encode(message),
        PartitionPoke poke => poke.Encode(),
        Lanes.RoomInput input => RoomCodec.Encode(input),
        Lanes.RoomReply reply => RoomCodec.Encode(reply),
        Transports.Sessions.SessionPart part => SessionCodec.Encode(part),
        LobbyMessage message => LobbyCodec.Encode(message),
        IBrokerMessage message => MembershipCodec.Encode(message) ?? throw new SerializationException($"Not a message between nodes: {obj.GetType().FullName}"),
        _ => throw new SerializationException($"Not a message between nodes: {obj?.GetType().FullName}"),
    };

    public override object FromBinary(byte[] bytes, string manifest)
    {
        IBrokerMessage? message = manifest switch
        {
            Envelope => LinkCodec.DecodeEnvelope(bytes),
            Ack => LinkCodec.DecodeAck(bytes),
            Statement => LinkCodec.DecodeStatement(bytes),
            Resend => LinkCodec.DecodeResend(bytes),
            Hello => LinkCodec.DecodeHello(bytes),
            Welcome => LinkCodec.DecodeWelcome(bytes),
            Pulse => MembershipCodec.DecodePulse(bytes),
            PulseAnswer => MembershipCodec.DecodePulseAnswer(bytes),
            Meeting => MembershipCodec.DecodeMeeting(bytes),
            MeetingAnswer => MembershipCodec.DecodeMeetingAnswer(bytes),
            Poke => PartitionPoke.Decode(bytes),
            RoomInput => RoomCodec.DecodeInput(bytes),
            RoomReply => RoomCodec.DecodeReply(bytes),
            LobbyAsk => LobbyCodec.DecodeAsk(bytes),
            LobbyReply => LobbyCodec.DecodeReply(bytes),
            RoomsShown => LobbyCodec.DecodeShown(bytes),
            LobbyHeard => LobbyCodec.DecodeHeard(bytes),
            SessionPart => SessionCodec.DecodePart(bytes),
            _ => throw new SerializationException($"Unknown manifest of {bytes.Length} bytes"),
        };
        return message ?? throw new SerializationException($"Malformed message '{manifest}' of {bytes.Length} bytes");
    }
}
