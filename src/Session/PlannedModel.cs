using LayerStream.Actors;
using LayerStream.Actors.Drafts;
using LayerStream.Actors.Loading;
using LayerStream.Formats;
using LayerStream.Models.Decoding;
using LayerStream.Planning.Drafts;
using LayerStream.Storage;
using LayerStream.Storage.Filling;
using LayerStream.Tokenization;

namespace LayerStream.Session;

/// <summary>A model with a sealed plan, ready to be loaded, any number of times one after the other.</summary>
/// <param name="Options">The options; the sampling has the file's recommendations where the user said nothing.</param>
/// <param name="Model">The file, without its metadata.</param>
/// <param name="Tokenizer">The tokenizer; null when the file has none or an unsupported one.</param>
/// <param name="TokenizerGap">Why there is no tokenizer, or null.</param>
/// <param name="Plan">The plan.</param>
public sealed record PlannedModel(ModelOptions Options, GgufModel Model, Tokenizer? Tokenizer, string? TokenizerGap, EnginePlan Plan)
{
    /// <summary>The files that the description was read from, open; weights are read through them.</summary>
    public required ModelFiles Files { get; init; }

    /// <summary>The model that guesses for this one, or null.</summary>
    public DraftFile? Draft { get; init; }

    private const int ProbeBlockBytes = 1 << 20;
    private static readonly TimeSpan s_probeTime = TimeSpan.FromMilliseconds(200);

    /// <summary>Limits the heap, then loads what stays in memory and starts the engine.</summary>
    /// <param name="notices">Hears of the sheet, of progress and of what is unusual, also from other threads.</param>
    /// <param name="ct">Ends loading.</param>
    /// <exception cref="HeapLimitException">The managed heap exceeds its account already.</exception>
    /// <exception cref="FlashReadException">Weights could not be read.</exception>
    /// <exception cref="ModelChangedException">A file was changed since its description was read.</exception>
    /// <exception cref="UnfilledModelException">The file is of full length but was not written to its end.</exception>
    public async Task<LoadedModel> LoadAsync(IProgress<SessionNotice> notices, CancellationToken ct)
    {
        if (Options.LimitsHeap)
        {
            HeapLimit.Apply(Plan.HeapLimitBytes);
        }

        notices.Report(new SheetNotice(Plan.Sheet));
        FlashDevice device = FlashDevice.Open(Files);
        device.FellBack = reason => notices.Report(new InformationNotice($"Reads pass through the page cache from here on: {reason}"));
        CheckFilling(device, notices);
        if (Options.Drafts != DraftMode.Off && Plan.Memory.DraftRows == 0 && SequenceState.SnapshotBytes(Plan.Spec) > 0)
        {
            notices.Report(new InformationNotice("Drafts are off: the budget has no room for trials of this model's recurrent layers."));
        }

        double rate = 0;
        if (Options.MeasuresDevice)
        {
            notices.Report(new LoadingNotice(new LoadProgress("measuring the device", 0, 0)));
            rate = DeviceProbe.MeasureBytesPerSecond(device, s_probeTime, Plan.MeasuringAccount(), ProbeBlockBytes, 2);
        }

        Engine engine = await Engine.StartAsync(
            Plan, Options.ToEngineOptions() with { DraftModel = Draft }, device, new LoadingNotices(notices), ct);
        notices.Report(new LoadedNotice());
        if (Options.StateFolder is { } folder && !engine.KeepsStates)
        {
            notices.Report(new InformationNotice($"States are read from {folder} but not written: another process of this model does."));
        }

        if (engine.DirectFallback is { } reason)
        {
            notices.Report(new InformationNotice($"Reads pass through the page cache: {reason}"));
        }

        return new LoadedModel(this, engine, rate, notices);
    }

    private void CheckFilling(FlashDevice device, IProgress<SessionNotice> notices)
    {
        IReadOnlyList<UnfilledTensor> unfilled = UnfilledTensors.Find(device, Plan.Spec.Tensors);
        if (UnfilledTensors.IsUnfinished(unfilled, Plan.Spec.Tensors))
        {
            string file = device.Files[unfilled[0].Tensor.Extent.File];
            device.Dispose();
            throw new UnfilledModelException(file, unfilled);
        }

        if (unfilled.Count > 0)
        {
            notices.Report(new WarningNotice($"{UnfilledTensors.Describe(unfilled)}; verify says whether the file is whole"));
        }
    }

    private sealed class LoadingNotices(IProgress<SessionNotice> notices) : IProgress<LoadProgress>
    {
        public void Report(LoadProgress value) => notices.Report(new LoadingNotice(value));
    }
}
