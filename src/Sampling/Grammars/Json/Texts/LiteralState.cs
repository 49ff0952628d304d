using System.Text;
using LayerStream.Sampling.Grammars.States;

namespace LayerStream.Sampling.Grammars.Json.Texts;

/// <summary>In one of the words true, false and null.</summary>
internal sealed class LiteralState(string text, int at, Frame frame, int[] links) : JsonState(frame.Language)
{
    /// <inheritdoc/>
    public override bool IsAccepting => false;

    /// <inheritdoc/>
    public override int Needed(EndCosts costs) =>
        EndCosts.Sum(costs.Of(Encoding.ASCII.GetBytes(text[at..])), frame.NeededBehind(links, costs));

    /// <inheritdoc/>
    public override GrammarState? Next(byte value) => value != text[at] ? null
        : at + 1 < text.Length ? new LiteralState(text, at + 1, frame, links) : frame.ChildEnded(links);
}
