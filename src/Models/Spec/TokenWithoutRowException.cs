namespace LayerStream.Models.Spec;

/// <summary>A token that the model cannot take in: its tokenizer may know it, its embedding table has no row for it.</summary>
/// <param name="token">Token id.</param>
/// <param name="rows">Rows of the embedding table.</param>
public sealed class TokenWithoutRowException(int token, int rows)
    : Exception($"Token {token} has no row in this model: its embedding table has {rows} rows, 0 to {rows - 1}.")
{
    /// <summary>Token id.</summary>
    public int Token { get; } = token;

    /// <summary>Rows of the embedding table.</summary>
    public int Rows { get; } = rows;

    /// <summary>Fails at the first token of a prompt without a row.</summary>
    public static void ThrowIfAny(IReadOnlyList<int> tokens, int rows)
    {
        foreach (int token in tokens)
        {
            if ((uint)token >= (uint)rows)
            {
                throw new TokenWithoutRowException(token, rows);
            }
        }
    }
}
