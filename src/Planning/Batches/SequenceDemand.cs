namespace LayerStream.Planning.Batches;

/// <summary>What a sequence could give to the next pass.</summary>
/// <param name="Rows">Tokens that have not been through the model yet; 0 = it takes no part.</param>
/// <param name="IsPrompt">Whether they are of a prompt: it may be cut, and only its last token's logits are needed.</param>
/// <param name="Drafts">Guesses behind the newest token that may take rows no one else wants.</param>
/// <param name="IsBackground">Whether its prompt is read with the rows that other prompts leave.</param>
public readonly record struct SequenceDemand(int Rows, bool IsPrompt, int Drafts = 0, bool IsBackground = false);
