using System.Buffers;

namespace LayerStream.Actors.Run;

/// <summary>Logits of every position of a list of ids, in order.</summary>
internal sealed class LogitsBody(IReadOnlyList<int> ids, Action<int, ReadOnlyMemory<float>> row, Action throwIfChanged)
{
    internal void Execute(ComputeSession session)
    {
        if (ids.Count > session.Context)
        {
            throw new ContextExceededException(ids.Count, session.Context);
        }

        foreach (int id in ids)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(id);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(id, session.Spec.Vocabulary);
        }

        int width = Math.Min(session.Batch, session.LogitRows);
        float[] copy = ArrayPool<float>.Shared.Rent(session.Spec.Vocabulary);
        if (ids.Count > 0)
        {
            session.Announce(true);
        }

        for (int first = 0; first < ids.Count; first += width)
        {
            int count = Math.Min(width, ids.Count - first);
            if (first + count < ids.Count)
            {
                session.Announce(true);
            }

            session.Execute(ids, first, count, first, count);
            throwIfChanged();
            for (int r = 0; r < count; r++)
            {
                session.Logits(r).CopyTo(copy);
                row(first + r, copy.AsMemory(0, session.Spec.Vocabulary));
            }
        }

        ArrayPool<float>.Shared.Return(copy);
    }
}
