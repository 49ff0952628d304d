using LayerStream.Actors;
using LayerStream.Planning.Tuning;

namespace LayerStream.Session.Reports;

/// <summary>The threads that compute, and what was decided about them.</summary>
/// <param name="Threads">How many there are.</param>
/// <param name="Computing">Of them, those that take part at present.</param>
/// <param name="Finding">What the last look at the passes came to, in words.</param>
/// <param name="Decisions">What was decided, the oldest first.</param>
public sealed record CrewReport(int Threads, int Computing, string Finding, IReadOnlyList<CrewDecisionReport> Decisions)
{
    /// <summary>Of an engine.</summary>
    public static CrewReport Of(Engine engine) => new(engine.CurrentPlan.Threads, engine.ComputingThreads, engine.CrewFinding,
        [.. engine.CrewDecisions.Select(CrewDecisionReport.Of)]);
}

/// <summary>A decision about the threads that compute.</summary>
/// <param name="Pass">The pass it was taken after.</param>
/// <param name="Computing">Threads that take part from then on.</param>
/// <param name="ParksEarly">Whether they give their cores back early when they wait for each other.</param>
/// <param name="Reason">Why.</param>
public sealed record CrewDecisionReport(long Pass, int Computing, bool ParksEarly, string Reason)
{
    /// <summary>Of a decision.</summary>
    public static CrewDecisionReport Of(CrewDecision decision) =>
        new(decision.Pass, decision.Setting.Members, !decision.Setting.Spins, decision.Reason);
}
