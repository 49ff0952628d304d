using LayerStream.Planning.Tuning;

namespace LayerStream.Planning.Tests.Tuning;

/// <summary>
/// Decode passes of a model whose experts are guessed one layer ahead: the best guess of a layer is right most often, each further one
/// less. What is guessed right is not waited for; what is guessed wrong keeps the disk from what is needed, as far as the disk is not idle.
/// </summary>
/// <param name="firstRight">Share of the best guesses that are right.</param>
/// <param name="fall">Share of a guess that is right ÷ share of the guess before.</param>
/// <param name="beside">Share of the time of arithmetic in which the disk may read ahead.</param>
internal sealed class SimulatedGuesses(double firstRight, double fall, double beside)
{
    private const int Layers = 48;
    private const int Needed = Layers * 8; // experts that have to be read
    private const double ComputeSeconds = 0.2;
    private const double ExpertSeconds = 0.5e-3;
    private const long ExpertBytes = 1 << 20;

    private readonly Random _random = new(1);

    /// <summary>A pass whose predictions may fill so many slots.</summary>
    public AheadPass Pass(int slots)
    {
        int right = 0, guesses = Layers * slots;
        for (int i = 0; i < guesses; i++)
        {
            right += _random.NextDouble() < firstRight * Math.Pow(fall, i / Layers) ? 1 : 0;
        }

        double late = Math.Max(0, (guesses * ExpertSeconds) - (beside * ComputeSeconds));
        double wait = (((Needed - right) * ExpertSeconds) + late) * (0.98 + (0.04 * _random.NextDouble()));
        double wall = ComputeSeconds + wait, busy = Math.Min(wall, (Needed + guesses - right) * ExpertSeconds);
        return new AheadPass(true, wall, wait, busy, Needed * ExpertBytes, right * ExpertBytes, (guesses - right) * ExpertBytes, 1);
    }
}
