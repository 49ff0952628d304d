using LayerStream.Kernels;

namespace LayerStream.Models;

/// <summary>Runs the branches of one layer in order, with their norms.</summary>
internal sealed class LayerExecutor(PassContext pass, LayerSpec layer)
{
    private readonly BranchExecutor[] _bodies = [.. layer.Branches.Select(b => b.Body.CreateExecutor(pass, layer.Index))];

    internal void Run()
    {
        Workspace work = pass.Work;
        for (int b = 0; b < _bodies.Length; b++)
        {
            Branch branch = layer.Branches[b];
            nint input = work.Stream;
            if (branch.Before is { } before)
            {
                input = work.Normed;
                pass.Norm(work.Stream, input, before);
            }

            _bodies[b].Run(input, work.Delta);
            if (branch.After is { } after)
            {
                pass.Norm(work.Delta, work.Delta, after);
            }

            pass.AddToStream(work.Delta, branch.Scale);
        }

        if (layer.OutputScale is { } scale)
        {
            for (int r = 0; r < pass.Count; r++)
            {
                VectorOps.Scale(work.Stream + (nint)(r * work.StreamStride * 4), pass.Spec.Width, pass.Value(scale));
            }
        }
    }
}
