using LayerStream.Memory;

namespace LayerStream.Session.Reports;

/// <summary>What a daemon is doing.</summary>
/// <param name="Model">Name of its model.</param>
/// <param name="State">ready, draining or model_changed.</param>
/// <param name="Plan">The plan in force.</param>
/// <param name="Engine">What the engine did and does.</param>
/// <param name="Requests">Requests at present.</param>
/// <param name="Memory">Memory of the process.</param>
public sealed record StatusReport(
    string Model, string State, DivisionReport Plan, EngineReport Engine, RequestsReport Requests, ProcessMemoryReport Memory);

/// <summary>Requests of a daemon at present.</summary>
/// <param name="Running">Those that have a place.</param>
/// <param name="Waiting">Those that wait for one.</param>
/// <param name="QueueLimit">How many may wait.</param>
public sealed record RequestsReport(int Running, int Waiting, int QueueLimit);

/// <summary>Memory of a process as the kernel counts it.</summary>
/// <param name="ResidentBytes">Now.</param>
/// <param name="ResidentPeakBytes">The most.</param>
public sealed record ProcessMemoryReport(long ResidentBytes, long ResidentPeakBytes)
{
    /// <summary>Of this process.</summary>
    public static ProcessMemoryReport Now() => new(ProcessMemory.ResidentBytes(), ProcessMemory.PeakResidentBytes());
}
