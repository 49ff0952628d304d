namespace LayerStream.Planning.Batches;

/// <summary>What a pass can hold.</summary>
/// <param name="Rows">Most rows.</param>
/// <param name="LogitRows">Most rows whose logits are wanted.</param>
/// <param name="WithHead">Whether the pass ends with the head; without it no sequence may come to its last row.</param>
/// <param name="PromptRowsBeside">Most rows of prompts while another sequence waits for its next token.</param>
public readonly record struct PassLimits(int Rows, int LogitRows, bool WithHead = true, int PromptRowsBeside = int.MaxValue);
