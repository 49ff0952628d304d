using LayerStream.Formats;

namespace LayerStream.Conversion;

/// <summary>What becomes of a tensor.</summary>
/// <param name="Source">The tensor as it is.</param>
/// <param name="Type">Its type in the new file; the same as before for one that is copied byte for byte.</param>
/// <param name="Wanted">The type it would have got if its rows were whole blocks of that.</param>
public sealed record TensorChoice(TensorInfo Source, TensorType Type, TensorType Wanted)
{
    /// <summary>Whether its bytes stay as they are.</summary>
    public bool IsCopy => Source.Type == Type;

    /// <summary>Whether another type had to stand in for the wanted one.</summary>
    public bool FellBack => Type != Wanted;
}
