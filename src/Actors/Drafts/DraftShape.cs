using LayerStream.Kernels.Ops;
using LayerStream.Kernels.Quants.Activations;

namespace LayerStream.Actors.Drafts;

/// <summary>What a draft model has to do with the model that it guesses for.</summary>
/// <param name="Vocabulary">Tokens of that model.</param>
/// <param name="Sequences">Sequences that it guesses for at the same time.</param>
/// <param name="Context">Tokens of context of each.</param>
/// <param name="RopeContext">Tokens that decide between short and long factors of its rotation.</param>
/// <param name="KvType">Type of its keys and values.</param>
/// <param name="Activations">How activations are rounded for products.</param>
internal sealed record DraftShape(int Vocabulary, int Sequences, int Context, int RopeContext, KvType KvType, ActivationMode Activations);
