namespace LayerStream.Actors.Run;

/// <summary>Pages of 128 tokens that hold keys and values.</summary>
/// <param name="Total">All of them.</param>
/// <param name="Held">Those of running sequences.</param>
/// <param name="Kept">Those that only sequences hold that have ended, for later ones.</param>
/// <param name="Free">Those that nobody holds.</param>
/// <param name="Shared">Of those held or kept, how many several sequences hold together.</param>
/// <param name="Parked">Those that sequences had which wait because pages ran out; others have them now, or may take them.</param>
public sealed record PageCounts(int Total, int Held, int Kept, int Free, int Shared, int Parked = 0);
