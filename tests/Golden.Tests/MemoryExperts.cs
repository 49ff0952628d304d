using LayerStream.Models.Decoding;
using LayerStream.Models.Spec;

namespace LayerStream.Golden.Tests;

/// <summary>Experts of a model in memory, handed out in ascending order, or in a random one; refuses what a source need not bear.</summary>
/// <param name="order">Seed of the random order; 0 = ascending.</param>
internal sealed class MemoryExperts(IReadOnlyList<ExpertBank> banks, nint file, int order) : IExpertSource
{
    private readonly Random _random = new(order);
    private readonly List<int> _waiting = [];
    private ExpertBank? _bank;
    private int _held;

    /// <summary>Experts announced since the start, over all passes and layers.</summary>
    internal int Announced { get; private set; }

    /// <summary>Which experts count as not in memory; null = none.</summary>
    internal Func<int, int, bool>? IsCold { get; set; }

    public void Demand(int bank, ReadOnlySpan<int> experts, ReadOnlySpan<float> weights)
    {
        Check(_waiting.Count == 0 && _held == 0, "experts of the layer before are still out");
        Check(experts.Length > 0 && experts.Length == weights.Length, "experts and weights differ in number");
        for (int i = 1; i < experts.Length; i++)
        {
            Check(experts[i] > experts[i - 1], "experts do not rise");
        }

        _bank = banks[bank];
        Announced += experts.Length;
        _waiting.AddRange(experts);
    }

    public bool IsResident(int bank, int expert) => IsCold is null || !IsCold(bank, expert);

    /// <summary>In a random order, several may be held at once.</summary>
    public bool HasReady => order != 0 && _waiting.Count > 0;

    public ExpertLease Take()
    {
        Check(_waiting.Count > 0, "no expert is left");
        int at = order == 0 ? 0 : _random.Next(_waiting.Count);
        int expert = _waiting[at];
        _waiting.RemoveAt(at);
        _held++;
        nint Slab(int matrix) => matrix < _bank!.Matrices.Count ? file + (nint)_bank.Matrices[matrix].Slab(expert).Offset : 0;
        return new ExpertLease(expert, 0, Slab(0), Slab(1), Slab(2));
    }

    public void Release(in ExpertLease lease) => Check(--_held >= 0, "an expert came back twice");

    private static void Check(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new InvalidOperationException(otherwise);
        }
    }
}
