using LayerStream.Kernels.Crew;

namespace LayerStream.Models.Decoding;

/// <summary>A crew job made once from a method, so that a pass allocates nothing.</summary>
internal sealed class RangeJob(Action<int, int, int> body) : CrewJob
{
    public override void Execute(int begin, int end, int worker) => body(begin, end, worker);
}
