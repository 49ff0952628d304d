using LayerStream.Planning.Drafts;

namespace LayerStream.Pipeline.Tests;

/// <summary>Knows how a text goes on, and says so with some probability for each token.</summary>
internal sealed class ScriptedDrafter(int[] text, double right, int seed) : IDrafter
{
    private readonly Random _random = new(seed);

    public DraftKind Kind => DraftKind.Prompt;

    public int Propose(IReadOnlyList<int> history, Span<int> drafts)
    {
        int count = Math.Min(drafts.Length, text.Length - history.Count);
        for (int i = 0; i < count; i++)
        {
            drafts[i] = _random.NextDouble() < right ? text[history.Count + i] : _random.Next(200);
        }

        return Math.Max(0, count);
    }

    public int Sureness(int guess) => 0;
}
