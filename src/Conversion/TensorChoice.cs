using LayerStream.Formats;

namespace LayerStream.Conversion;

/// <summary>What becomes of a tensor, or of two that become one.</summary>
/// <param name="Source">The tensor as it is.</param>
/// <param name="Type">Its type in the new file; the same as before for one that is copied byte for byte.</param>
/// <param name="Wanted">The type it would have got if its rows were whole blocks of that.</param>
public sealed record TensorChoice(TensorInfo Source, TensorType Type, TensorType Wanted)
{
    /// <summary>A tensor of the same shape and type whose rows follow the source's, expert by expert; null for one that stays
    /// alone.</summary>
    public TensorInfo? Up { get; init; }

    /// <summary>Its name in the new file.</summary>
    public string Name => Up is null ? Source.Name : FusedExperts.NameOf(Source.Name);

    /// <summary>Its shape in the new file.</summary>
    public IReadOnlyList<long> Shape => Up is null ? Source.Shape : [Source.Shape[0], Source.Shape[1] + Up.Shape[1], Source.Shape[2]];

    /// <summary>The tensors it is made of, in the order of their rows.</summary>
    public IReadOnlyList<TensorInfo> Sources => Up is null ? [Source] : [Source, Up];

    /// <summary>Elements of a source that follow each other in the new file.</summary>
    public long SliceElements => Up is null ? Source.Elements : Source.Elements / Source.Shape[2];

    /// <summary>Elements in the new file.</summary>
    public long Elements => Sources.Sum(s => s.Elements);

    /// <summary>Whether its bytes stay as they are.</summary>
    public bool IsCopy => Source.Type == Type;

    /// <summary>Whether another type had to stand in for the wanted one.</summary>
    public bool FellBack => Type != Wanted;
}
