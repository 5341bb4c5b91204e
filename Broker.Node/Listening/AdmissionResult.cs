using Broker.Node.Diagnostics;

namespace Broker.Node.Listening;

/// <summary>A lease, or why there is none.</summary>
internal readonly record struct AdmissionResult(AdmissionLease? Lease, AdmissionRefusal Refusal);
