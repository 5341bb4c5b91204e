using Broker.Tests.Contracts;

namespace Broker.Tests.Wire;

/// <summary>Every server message as JSON: here the contract compares the very bytes.</summary>
public sealed class JsonMessageSpecs() : ServerMessageContract(FormatSample.Json);
