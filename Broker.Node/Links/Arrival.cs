namespace Broker.Node.Links;

/// <summary>What a receiver has to do about something that arrived, in this order: gap, deliver, ask again.</summary>
/// <param name="Gap">Something before this is missing and will not come.</param>
/// <param name="Deliver">The envelope is the next one.</param>
/// <param name="Resend">First number to ask for again; 0: none.</param>
internal readonly record struct Arrival(bool Gap, bool Deliver, long Resend);
