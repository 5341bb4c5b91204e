namespace Broker.Tests.Support;

/// <summary>Signal numbers of Linux, as <c>kill(2)</c> takes them.</summary>
internal enum UnixSignal
{
    HangUp = 1,
    Interrupt = 2,
    Kill = 9,
    Terminate = 15,
    Continue = 18,
    Stop = 19,
}
