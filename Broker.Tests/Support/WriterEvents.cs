using Broker.Node.Delivery;

namespace Broker.Tests.Support;

/// <summary>What a spec does when something happens to a writer.</summary>
internal sealed class WriterEvents : IWriterObserver
{
    public Action OnOverrun { get; init; } = static () => { };

    public Action OnControlDrained { get; init; } = static () => { };

    public Action OnDisown { get; init; } = static () => { };

    public Action<Exception> OnFailed { get; init; } = static _ => { };

    public void Overrun() => OnOverrun();

    public void ControlDrained() => OnControlDrained();

    public void Disown() => OnDisown();

    public void Failed(Exception error) => OnFailed(error);
}
