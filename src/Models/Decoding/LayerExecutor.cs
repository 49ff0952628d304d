using LayerStream.Kernels;
using LayerStream.Kernels.Ops;
using LayerStream.Models.Spec;

namespace LayerStream.Models.Decoding;

/// <summary>Runs the branches of one layer in order, with their norms.</summary>
internal sealed class LayerExecutor(PassContext pass, LayerSpec layer)
{
    private readonly BranchExecutor[] _bodies = [.. layer.Branches.Select(b => BranchExecutors.Create(pass, b.Body, layer.Index))];

    // 0 and −1: there is nothing to predict
    private readonly int _expertBranch = layer.Branches.ToList().FindLastIndex(b => b.Body is ExpertFfnSpec);

    private ExpertFeedForward? Experts => _expertBranch < 0 ? null : (ExpertFeedForward)_bodies[_expertBranch];

    /// <summary>Says which layer comes after this one.</summary>
    internal void Precede(LayerExecutor next)
    {
        if (Experts is { } own && next.Experts is { CanForesee: true })
        {
            own.Next = next;
        }
    }

    /// <summary>See <see cref="BranchExecutor.TakeOver"/>.</summary>
    internal void TakeOver(SequenceState state, int rows)
    {
        foreach (BranchExecutor body in _bodies)
        {
            body.TakeOver(state, rows);
        }
    }

    internal void Run()
    {
        Predict();
        Workspace work = pass.Work;
        for (int b = 0; b < _bodies.Length; b++)
        {
            Branch branch = layer.Branches[b];
            FloatRows input = work.Stream;
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
                VectorOps.Scale(work.Stream[r], pass.Spec.Width, pass.Value(scale));
            }
        }
    }

    /// <summary>
    /// The layer's router on the state that enters the layer, before the branches in front of the experts run: the disk has nothing
    /// else to do until they are done.
    /// </summary>
    private void Predict()
    {
        if (_expertBranch >= 1 && Experts is { WantsPrediction: true } experts)
        {
            experts.Predict(RouterInput(pass.Work.Normed), pass.Choices, early: false);
        }
    }

    /// <summary>
    /// The layer's router on the state that the layer before has not added its experts to: less sure than at the start of the layer, but
    /// the disk can go on while that one's experts are computed.
    /// </summary>
    /// <param name="scratch">Rows of the model's width, free to be written.</param>
    internal void Foresee(FloatRows scratch)
    {
        if (pass.Count <= PassContext.MostRowsForeseen && Experts is { WantsPrediction: true } experts)
        {
            experts.Predict(RouterInput(scratch), pass.Foreseen, early: true);
        }
    }

    private FloatRows RouterInput(FloatRows normed)
    {
        if (layer.Branches[_expertBranch].Before is not { } before)
        {
            return pass.Work.Stream;
        }

        pass.Norm(pass.Work.Stream, normed, before);
        return normed;
    }
}
