using System.IO.Hashing;
using System.Security.Cryptography;
using LayerStream.Formats;

namespace LayerStream.Storage.Sums;

/// <summary>Computes the checksums of a model by reading every byte of its tensors and headers once.</summary>
public static class ModelSums
{
    /// <summary>The parts of a model in file order: the header of each file, then its tensors.</summary>
    public static IReadOnlyList<TensorSum> Parts(GgufModel model, IFlashDevice device)
    {
        ArgumentNullException.ThrowIfNull(model);
        List<TensorSum> parts = [];
        ILookup<int, TensorInfo> tensors = model.Tensors.ToLookup(t => t.Extent.File);
        for (int file = 0; file < model.Files.Count; file++)
        {
            long begin = tensors[file].Select(t => t.Extent.Offset).DefaultIfEmpty(device.FileLength(file)).Min();
            parts.Add(new TensorSum(TensorSum.HeaderName, file, 0, begin, ""));
            parts.AddRange(tensors[file].Select(t => new TensorSum(t.Name, file, t.Extent.Offset, t.Extent.Length, "")));
        }

        return parts;
    }

    /// <summary>Reads everything. A part that cannot be read carries the reason.</summary>
    /// <param name="model">The model, which need not hold its metadata.</param>
    /// <param name="device">Its files.</param>
    /// <param name="scan">How to read.</param>
    /// <param name="progress">Bytes so far.</param>
    /// <param name="cancel">Ends early.</param>
    public static TensorSum[] Compute(GgufModel model, IFlashDevice device, RangeScan scan, Action<long>? progress,
        CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(scan);
        TensorSum[] sums = [.. Parts(model, device)];
        TensorType?[] types = [.. sums.Select(s => s.Name == TensorSum.HeaderName ? null : model.Find(s.Name)?.Type)];
        scan.Run(
            [.. sums.Select((s, i) => (new Extent(s.File, s.Offset, s.Length), types[i] is { } t ? TensorTypes.Get(t).BlockBytes : 1))],
            i => new SumSink(types[i], sum => sums[i] = sums[i] with
            {
                Hash = sum.Hash,
                NonFinite = sum.NonFinite,
                ReadError = sum.Error,
                IsZero = sum.IsZero && IsMatrix(model.Find(sums[i].Name))
            }),
            progress, cancel);
        return sums;
    }

    // biases may be zero
    private static bool IsMatrix(TensorInfo? tensor) => tensor is not null && tensor.Rows > 1
        && tensor.Extent.Length >= ExtentWindow.Alignment;

    /// <summary>SHA-256 of a whole file in lower-case hexadecimal digits.</summary>
    /// <exception cref="FlashReadException">The file could not be read.</exception>
    public static string Sha256(IFlashDevice device, int file, RangeScan scan, Action<long>? progress, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(scan);
        using DigestSink sink = new();
        scan.Run([(new Extent(file, 0, device.FileLength(file)), 1)], _ => sink, progress, cancel);
        return sink.Error is { } error ? throw error : sink.Digest();
    }

    private readonly record struct Sum(string Hash, long NonFinite, bool IsZero, string? Error);

    private sealed class SumSink(TensorType? type, Action<Sum> done) : RangeScan.ISink
    {
        private readonly XxHash128 _hash = new();
        private bool _isZero = true;
        private long _nonFinite;

        public void Take(ReadOnlySpan<byte> piece)
        {
            _hash.Append(piece);
            _isZero = _isZero && !piece.ContainsAnyExcept((byte)0);
            _nonFinite += type is { } t ? ScaleCheck.CountNonFinite(t, piece) : 0;
        }

        public void End(FlashReadException? error) =>
            done(new Sum(error is null ? Convert.ToHexStringLower(_hash.GetCurrentHash()) : "", _nonFinite, _isZero && error is null,
                error?.Reason));
    }

    private sealed class DigestSink : RangeScan.ISink, IDisposable
    {
        private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

        internal FlashReadException? Error { get; private set; }

        public void Take(ReadOnlySpan<byte> piece) => _hash.AppendData(piece);

        public void End(FlashReadException? error) => Error = error;

        public void Dispose() => _hash.Dispose();

        internal string Digest() => Convert.ToHexStringLower(_hash.GetHashAndReset());
    }
}
