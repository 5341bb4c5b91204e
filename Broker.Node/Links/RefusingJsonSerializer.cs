using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Configuration;
using Akka.Serialization;

namespace Broker.Node.Links;

/// <summary>
/// Stands in the place of Akka's Newtonsoft serializer and refuses both ways. That one creates whatever type a <c>$type</c>
/// in the bytes names; incoming messages choose their serializer by <see cref="Identifier"/>, so the place must be taken, not left empty.
/// </summary>
internal sealed class RefusingJsonSerializer : Serializer
{
    /// <summary>The constructor Akka looks for.</summary>
    /// <param name="system">The actor system.</param>
    /// <param name="config">Settings of the replaced serializer, <c>serialization-settings.json</c>; passed because they exist, and of no use here.</param>
    public RefusingJsonSerializer(ExtendedActorSystem system, Config config)
        : base(system)
    {
    }

    /// <summary>That of Akka's NewtonSoftJsonSerializer.</summary>
    public override int Identifier => 1;

    public override bool IncludeManifest => false;

    public override byte[] ToBinary(object obj) =>
        throw new SerializationException($"{obj.GetType()} belongs to no serializer: messages between nodes are a closed set, and JSON is not one of their forms");

    public override object FromBinary(byte[] bytes, Type type) =>
        throw new SerializationException("JSON from another node is refused: messages between nodes are a closed set");
}
