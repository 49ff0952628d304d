using System.Text.Json;

namespace LayerStream.Session.Reports;

/// <summary>What a daemon did in the last seconds.</summary>
/// <param name="Model">Its model.</param>
/// <param name="State">ready, draining or model_changed.</param>
/// <param name="Verdict">What sets the pace, in a sentence.</param>
/// <param name="WindowSeconds">How many seconds it is about.</param>
/// <param name="TokensPerSecond">Tokens of all sequences.</param>
/// <param name="Stages">What the compute thread did.</param>
/// <param name="WaitedFor">Tiles that it waited for longest.</param>
/// <param name="Slots">Reads by slot.</param>
/// <param name="Sequences">Tokens by sequence.</param>
/// <param name="Status">The status of the daemon, as it gives it.</param>
public sealed record TopReport(string Model, string State, string Verdict, double WindowSeconds, double TokensPerSecond,
    IReadOnlyList<TimeShare> Stages, IReadOnlyList<TimeShare> WaitedFor, IReadOnlyList<SlotShare> Slots,
    IReadOnlyList<SequenceTokens> Sequences, JsonElement Status);

/// <summary>What took a share of the time.</summary>
/// <param name="Name">A stage or a tile.</param>
/// <param name="Share">0 to 1.</param>
public sealed record TimeShare(string Name, double Share);

/// <summary>Reads of a slot.</summary>
/// <param name="Slot">Its number.</param>
/// <param name="Share">Share of the time with a read, 0 to 1.</param>
/// <param name="BytesPerSecond">What was read into it.</param>
public sealed record SlotShare(int Slot, double Share, double BytesPerSecond);

/// <summary>Tokens of a sequence.</summary>
/// <param name="Sequence">Its number, from 1.</param>
/// <param name="Tokens">How many were drawn.</param>
public sealed record SequenceTokens(int Sequence, int Tokens);
