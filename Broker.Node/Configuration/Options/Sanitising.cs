namespace Broker.Node.Configuration.Options;

/// <summary>What is done to the texts inside <c>data</c> of a publish.</summary>
public enum Sanitising
{
    None,

    /// <summary>Markup that could run or hide something is taken out.</summary>
    Html,
}
