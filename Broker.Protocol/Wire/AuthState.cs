namespace Broker.Protocol.Wire;

/// <summary>The <c>auth</c> of <c>welcome</c>.</summary>
public enum AuthState : byte
{
    /// <summary>The first message must be <c>auth</c>.</summary>
    Required,

    /// <summary>Anonymous, and may authenticate.</summary>
    Optional,

    /// <summary>Authenticated by the upgrade request.</summary>
    Done,
}
