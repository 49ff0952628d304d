using LayerStream.Tokenization.Vocabularies;

namespace LayerStream.Tokenization.Encoders;

/// <summary>Joins the pairs listed in a merge table, by rank.</summary>
internal readonly struct RankedMerge(MergeTable merges) : IMergeRule
{
    public bool TryMerge(int left, int right, ReadOnlySpan<byte> joined, out uint priority, out int merged)
    {
        priority = 0;
        merged = -1;
        if ((left | right) < 0 || !merges.TryGet(left, right, out int rank, out merged))
        {
            return false;
        }

        priority = (uint)rank;
        return true;
    }
}
