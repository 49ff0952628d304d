using LayerStream.Formats;
using LayerStream.Models.Architectures;
using LayerStream.Models.Spec;

namespace LayerStream.Models.Building;

/// <summary>Reads a <see cref="ModelSpec"/> off a file: keys and tensors in, one resolved layer list out.</summary>
public static class ModelSpecBuilder
{
    private const int MostLayers = 4096;
    private const int MostWidth = 1 << 20;
    private const int MostContext = 1 << 24;

    /// <summary>Resolves a model.</summary>
    /// <exception cref="UnsupportedModelException">The family, a tensor type or a tensor is missing; all gaps are listed.</exception>
    /// <exception cref="ModelFormatException">A key is missing or makes no sense.</exception>
    public static ModelSpec Build(GgufModel model)
    {
        if (FileKind.Refusal(model) is { } refusal)
        {
            throw new UnsupportedModelException([refusal]);
        }

        Architecture? row = ArchitectureTable.Find(model.Architecture);
        return row is not null ? Build(model, row, new SpecReader(model, row.Name))
            : throw new UnsupportedModelException([$"architecture '{model.Architecture ?? "(none)"}' (known: "
            + $"{string.Join(", ", ArchitectureTable.All.Select(a => a.Name))})"]);
    }

    private static ModelSpec Build(GgufModel model, Architecture row, SpecReader reader)
    {
        int width = reader.Integer("embedding_length", 1, MostWidth), context = reader.Integer("context_length", 1, MostContext);
        int layerCount = TrunkLayers.Count(model, reader, reader.Integer("block_count", 1, MostLayers));
        TensorInfo? embedding = reader.Table("token_embd.weight", width, 0);
        long vocabulary = embedding?.Rows ?? 0;
        LayerInputSpec? inputs = LayerInputBuilder.Start(reader, layerCount, width, vocabulary);
        LayerKinds kinds = LayerKinds.Read(reader, row, layerCount);
        RopeBuilder ropes = new(reader, row, context);
        float residualScale = (float)reader.Factor("residual_scale");
        LayerSpec?[] layers = [.. Enumerable.Range(0, layerCount)
            .Select(i => Layer(new LayerSite(reader, row, i, layerCount, width, kinds, ropes), residualScale))];
        SmallWeight? outputNorm = reader.Small("output_norm.weight", width);
        string headName = reader.Has("output.weight") ? "output" : "token_embd";
        RowBias[]? headBias = embedding is not null && reader.OptionalSmall("output.bias", vocabulary) is { } bias
            ? [new RowBias(bias, 0)] : null;
        WeightMatrix? head = reader.Matrix(headName, layerCount, width, vocabulary, headBias);
        if (reader.Gaps.Count > 0 || embedding is null || head is null || outputNorm is null)
        {
            throw new UnsupportedModelException(reader.Gaps);
        }

        return new ModelSpec
        {
            File = model.Files[0],
            Family = row.Name,
            Width = width,
            Vocabulary = head.Rows,
            TrainedContext = context,
            Epsilon = Epsilon(reader),
            Layers = [.. layers.Select(l => l!)],
            Matrices = reader.Matrices,
            ExpertBanks = reader.Banks,
            SmallWeights = [.. reader.SmallWeights],
            SmallWeightBytes = reader.SmallBytes,
            TokenEmbedding = embedding,
            EmbeddingScale = row.ScalesEmbeddingByRootWidth ? (float)Math.Sqrt(width) : (float)reader.Factor("embedding_scale"),
            LayerInputs = inputs,
            OutputNorm = outputNorm,
            Head = head,
            LogitFactor = (float)(1 / reader.Factor("logit_scale")),
            LogitCap = LogitCap(reader),
            Pooling = (PoolingKind)reader.Integer("pooling_type", 0, 0, (int)PoolingKind.Rank),
            Ropes = ropes.Tables,
        };
    }

    private static float Epsilon(SpecReader reader)
    {
        const string Name = "attention.layer_norm_rms_epsilon";
        return reader.HasKey(Name) ? (float)reader.Number(Name, 0, 1e-20, 1)
            : throw reader.Bad($"the required key '{reader.Key(Name)}' is missing");
    }

    private static float LogitCap(SpecReader reader)
    {
        const string Name = "final_logit_softcapping";
        double cap = reader.Number(Name, 0, 0, 1e6);
        return cap is 0 or >= 1e-3 ? (float)cap : throw reader.BadKey(Name, $"= {cap} is too small for a cap");
    }

    private static LayerSpec? Layer(LayerSite site, float residualScale)
    {
        bool before = site.Row.Norms != NormPlace.After, after = site.Row.Norms != NormPlace.Before;
        SmallWeight? Norm(bool isThere, string name) => isThere ? site.Reader.Small($"{site.Prefix}{name}.weight", site.Width) : null;
        BranchSpec? mixer = BranchRules.Mixer(site), feedForward = BranchRules.FeedForward(site);
        SmallWeight? beforeMixer = Norm(before, "attn_norm"), afterMixer = Norm(after, "post_attention_norm");
        SmallWeight? beforeFfn = Norm(before && feedForward is not { NormsItsInput: true }, site.Row.FfnNorm),
            afterFfn = Norm(after, "post_ffw_norm");
        Branch? inputGate = LayerInputBuilder.Gate(site);
        SmallWeight? outputScale = site.Reader.OptionalSmall(site.Prefix + "layer_output_scale.weight", 1);
        if (mixer is null || feedForward is null)
        {
            return null;
        }

        Branch[] branches = [new Branch(mixer, beforeMixer, afterMixer, residualScale),
            new Branch(feedForward, beforeFfn, afterFfn, residualScale)];
        return new LayerSpec
        {
            Index = site.Index,
            Branches = inputGate is null ? branches : [.. branches, inputGate],
            OutputScale = outputScale
        };
    }
}
