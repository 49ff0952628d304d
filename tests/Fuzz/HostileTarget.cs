using LayerStream.Actors;
using LayerStream.Actors.Run;
using LayerStream.Formats;
using LayerStream.Kernels.Quants.Activations;
using LayerStream.Memory;
using LayerStream.Models.Building;
using LayerStream.Storage;
using LayerStream.Tokenization;

namespace LayerStream.Fuzz;

/// <summary>Takes one file as far as it goes: open, inspect, tokenizer, model, plan, a few tokens. Only typed errors may end the
/// way.</summary>
internal static class HostileTarget
{
    internal const long OpenSlackBytes = 1 << 20;
    private const long PlanLimitBytes = 64L << 20;
    private const long BudgetBytes = 256L << 20;
    private const int Tokens = 3;

    /// <summary>Drives a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="run">Whether to generate when it is accepted.</param>
    /// <returns>The last stage that was reached, and the typed error that ended it there or null.</returns>
    /// <exception cref="InvalidOperationException">More was allocated than allowed.</exception>
    internal static (string Stage, Exception? Error) Drive(string path, bool run)
    {
        string stage = "open";
        try
        {
            GgufModel model = Open(path);
            stage = "inspect";
            Inspect(model);
            stage = "tokenizer";
            ReadTokenizer(model);
            stage = "plan";
            EngineOptions options = new()
            {
                ModelPath = path,
                BudgetBytes = BudgetBytes,
                Threads = 1,
                RuntimeReserveBytes = 1 << 20,
                Activations = path.Length % 2 == 0 ? ActivationMode.Int8 : ActivationMode.F32,
            };
            long before = GC.GetAllocatedBytesForCurrentThread();
            EnginePlan plan = Engine.Plan(model, options with { Context = 16 });
            _ = Engine.Plan(model, options);
            CheckAllocation(before, PlanLimitBytes, "planning");
            stage = "run";
            if (run)
            {
                GenerateAsync(model, plan, options with { Context = 16 }).GetAwaiter().GetResult();
            }

            return (stage, null);
        }
        catch (Exception e) when (e is ModelFormatException or UnsupportedModelException or UnsupportedTokenizerException
            or BudgetTooSmallException or BudgetAboveLimitException or FlashReadException)
        {
            return (stage, e);
        }
    }

    private static GgufModel Open(string path)
    {
        long read = new FileInfo(path).Length;
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            return GgufModel.Open(path);
        }
        finally
        {
            CheckAllocation(before, (2 * read) + OpenSlackBytes, "opening");
        }
    }

    private static void CheckAllocation(long before, long limit, string what)
    {
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        if (allocated > limit)
        {
            throw new InvalidOperationException($"over-allocation: {what} took {allocated} bytes, {limit} are allowed");
        }
    }

    private static void Inspect(GgufModel model)
    {
        foreach (TensorInfo tensor in model.Tensors)
        {
            long length = new FileInfo(model.Files[tensor.Extent.File]).Length;
            if (tensor.Extent.Offset < 0 || tensor.Extent.Length <= 0 || tensor.Extent.Offset > length - tensor.Extent.Length
                || tensor.RowBytes * tensor.Rows != tensor.Extent.Length)
            {
                throw new InvalidOperationException($"tensor {tensor.Name} is outside its file: {tensor.Extent}");
            }
        }

        if (model.Metadata.Entries.Count() != model.Metadata.Count)
        {
            throw new InvalidOperationException("keys were lost");
        }
    }

    private static void ReadTokenizer(GgufModel model)
    {
        if (Tokenizer.Unsupported(model.Metadata) is not null)
        {
            return;
        }

        Tokenizer tokenizer = Tokenizer.FromMetadata(model.Metadata);
        int[] ids = tokenizer.Encode("Hello <s> wörld 12\n😀", addSpecial: true, parseSpecial: true);
        _ = tokenizer.Decode(ids, special: true);
        for (int id = 0; id < tokenizer.VocabularySize; id += 97)
        {
            _ = tokenizer.PieceBytes(id, special: true);
        }
    }

    private static async Task GenerateAsync(GgufModel model, EnginePlan plan, EngineOptions options)
    {
        await using Engine engine = await Engine.StartAsync(plan, options, FlashDevice.Open(model.Files), null, CancellationToken.None);
        int last = engine.Spec.Vocabulary - 1;
        await engine.RunAsync(
            new RunRequest
            {
                Prompt = [0, Math.Min(1, last), last],
                MaxTokens = Tokens,
                Sample = (logits, _) => Math.Max(0, logits.IndexOf(logits[^1])),
                OnToken = _ => false,
            },
            CancellationToken.None);
    }
}
