using System.Buffers;

namespace LayerStream.Actors.Run;

/// <summary>Logits of every position of a list of ids, in order, or the normed states that the head would get.</summary>
internal sealed class RowsBody(IReadOnlyList<int> ids, bool withHead, Action<int, ReadOnlyMemory<float>> row, Action throwIfChanged)
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

        int width = withHead ? Math.Min(session.Batch, session.LogitRows) : session.Batch;
        int length = withHead ? session.Spec.Vocabulary : session.Spec.Width;
        float[] copy = ArrayPool<float>.Shared.Rent(length);
        if (ids.Count > 0)
        {
            session.Announce(withHead);
        }

        for (int first = 0; first < ids.Count; first += width)
        {
            int count = Math.Min(width, ids.Count - first);
            if (first + count < ids.Count)
            {
                session.Announce(withHead);
            }

            session.Execute(ids, first, count, first, withHead ? count : 0);
            throwIfChanged();
            for (int r = 0; r < count; r++)
            {
                (withHead ? session.Logits(r) : session.NormedState(r)).CopyTo(copy);
                row(first + r, copy.AsMemory(0, length));
            }
        }

        ArrayPool<float>.Shared.Return(copy);
    }
}
