namespace Broker.Node.Delivery;

/// <summary>Whom the messages of a <see cref="MessageBatch"/> came by.</summary>
internal interface IBatchOwner
{
    /// <summary>Bytes of messages handed on have been taken by those they were for. Any thread.</summary>
    void OnTaken(int bytes);
}
