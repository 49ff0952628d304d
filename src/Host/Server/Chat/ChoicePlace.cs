using System.Buffers;

namespace LayerStream.Host.Server.Chat;

/// <summary>Where a choice stands in an answer of several.</summary>
/// <param name="Index">Its number.</param>
/// <param name="Totals">What all of them come to.</param>
/// <param name="Buffer">What all of them write to.</param>
internal sealed record ChoicePlace(int Index, ChoiceTotals Totals, ArrayBufferWriter<byte> Buffer)
{
    /// <summary>The only choice of an answer.</summary>
    public static ChoicePlace Only() => new(0, new ChoiceTotals(1, 1), new ArrayBufferWriter<byte>(1024));
}
