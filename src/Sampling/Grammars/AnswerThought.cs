namespace LayerStream.Sampling.Grammars;

/// <summary>The thought that an answer may begin with, which a grammar leaves alone.</summary>
/// <param name="End">Bytes that end it, up to the answer's own text.</param>
/// <param name="IsOpen">Whether it has begun already.</param>
/// <param name="BeginToken">Where it has not: the token that begins it, if that is the first of the answer; −1 = none does.</param>
public sealed record AnswerThought(byte[] End, bool IsOpen, int BeginToken = -1);
