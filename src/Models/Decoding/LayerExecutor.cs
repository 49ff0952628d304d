using LayerStream.Kernels;

namespace LayerStream.Models;

/// <summary>Runs the branches of one layer in order, with their norms.</summary>
internal sealed class LayerExecutor(PassContext pass, LayerSpec layer)
{
    private readonly BranchExecutor[] _bodies = [.. layer.Branches.Select(b => b.Body.CreateExecutor(pass, layer.Index))];

    private readonly int _expertBranch = layer.Branches.ToList().FindLastIndex(b => b.Body is ExpertFfnSpec); // 0 and −1: there is nothing to predict

    internal void Run()
    {
        Predict();
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

    /// <summary>
    /// The layer's router on the state that enters the layer, before the branches in front of the experts run: the disk has nothing
    /// else to do until they are done.
    /// </summary>
    private void Predict()
    {
        if (_expertBranch < 1 || _bodies[_expertBranch] is not ExpertFeedForward { WantsPrediction: true } experts)
        {
            return;
        }

        nint input = pass.Work.Stream;
        if (layer.Branches[_expertBranch].Before is { } before)
        {
            input = pass.Work.Normed;
            pass.Norm(pass.Work.Stream, input, before);
        }

        experts.Predict(input);
    }
}
