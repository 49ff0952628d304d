using System.Numerics;
using System.Runtime.InteropServices;
using LayerStream.Formats;
using LayerStream.Formats.Writing;
using LayerStream.Kernels.Ops;
using LayerStream.Memory;
using LayerStream.Models.Synthesis.Shapes;
using Microsoft.Win32.SafeHandles;

namespace LayerStream.Models.Synthesis;

/// <summary>Makes a range of a file share the bytes of another range of it: source offset, destination offset, length.</summary>
public delegate void ExtentShare(SafeFileHandle file, long source, long destination, long length);

/// <summary>
/// Writes a synthetic model. Matrices repeat a tile of random blocks that is larger than what compression or a processor's caches see, from
/// a random place each, so that the disk is what limits the speed.
/// </summary>
public sealed class SyntheticWriter
{
    private const int MostTileBytes = 16 << 20;
    private const int SmallOddPrimes = 3 * 5 * 7 * 11 * 13;
    private const int PieceBytes = 4 << 20; // between looks at the cancellation
    private const long FlushBytes = 1L << 30; // dirty pages at most

    private readonly SyntheticModel _model;
    private readonly string _path;
    private readonly Dictionary<(TensorType, double, long), byte[]> _tiles = [];
    private readonly Action<long>? _progress;
    private readonly CancellationToken _cancel;
    private readonly SafeFileHandle _file;
    private readonly long _tileBytes;
    private long _written;
    private long _flushed;

    private SyntheticWriter(SyntheticModel model, string path, SafeFileHandle file, Action<long>? progress, CancellationToken cancel)
    {
        (_model, _path, _file, _progress, _cancel) = (model, path, file, progress, cancel);
        _tileBytes = Math.Min(MostTileBytes, model.Layout.FileBytes / 8); // a small model is not worth the time
    }

    /// <summary>Writes the file and drops it from the page cache. A file that was not finished is deleted.</summary>
    /// <param name="model">The model.</param>
    /// <param name="path">Path of the file; one that is there is replaced.</param>
    /// <param name="share">Shares extents; needed when the model has any to share.</param>
    /// <param name="progress">Is told the bytes done, shared ones included.</param>
    /// <param name="cancel">Stops the writing.</param>
    public static void Write(SyntheticModel model, string path, ExtentShare? share = null, Action<long>? progress = null,
        CancellationToken cancel = default)
    {
        try
        {
            using (SafeFileHandle file = File.OpenHandle(path, FileMode.Create, FileAccess.ReadWrite, FileShare.Read))
            {
                new SyntheticWriter(model, path, file, progress, cancel).WriteAll(share);
            }

            ProcessMemory.DropFileCache(path);
        }
        catch
        {
            File.Delete(path);
            throw;
        }
    }

    private void WriteAll(ExtentShare? share)
    {
        Put(_model.Layout.Head, 0);
        for (int i = 0; i < _model.Tensors.Count; i++)
        {
            Extent extent = _model.Layout.Tensors[i].Extent;
            if (_model.Sources[i] is { } source)
            {
                share!(_file, _model.Layout.Tensors[source].Extent.Offset, extent.Offset, extent.Length);
                Advance(extent.Length);
                continue;
            }

            SplitMix64 random = new((_model.Options.Seed << 20) + (ulong)i);
            WriteTensor(_model.Tensors[i], extent, ref random);
        }

        RandomAccess.SetLength(_file, _model.Layout.FileBytes);
    }

    private void WriteTensor(SyntheticTensor tensor, Extent extent, ref SplitMix64 random)
    {
        if (tensor.Fill.Kind is FillKind.Blocks or FillKind.Embedding)
        {
            WriteBlocks(tensor, extent, ref random);
            return;
        }

        float[] values = new float[extent.Length / sizeof(float)];
        Fill(tensor, values, ref random);
        Put(MemoryMarshal.AsBytes(values.AsSpan()), extent.Offset);
    }

    private void WriteBlocks(SyntheticTensor tensor, Extent extent, ref SplitMix64 random)
    {
        bool isHead = ReferenceEquals(tensor, _model.Tensors[^1]), isEmbedding = tensor.Fill.Kind == FillKind.Embedding;
        byte[] tile = Tile(tensor, isHead || isEmbedding ? tensor.Shape[1] : 0);
        int blockBytes = TensorTypes.Get(tensor.Type).BlockBytes;
        long at = random.Below(tile.Length / blockBytes) * blockBytes;
        if (isEmbedding && HasSkew)
        {
            WriteMarked(tensor, extent, tile, at);
            return;
        }

        for (long done = 0; done < extent.Length;)
        {
            int from = (int)((at + done) % tile.Length), count = (int)Math.Min(extent.Length - done, tile.Length - from);
            Put(tile.AsSpan(from, count), extent.Offset + done);
            done += count;
        }
    }

    /// <summary>Rows out of a tile, each with the constant direction at its beginning.</summary>
    private void WriteMarked(SyntheticTensor tensor, Extent extent, byte[] tile, long at)
    {
        int rowBytes = (int)(extent.Length / tensor.Shape[1]);
        byte[] rows = new byte[Math.Max(1, PieceBytes / rowBytes) * rowBytes];
        for (long done = 0; done < extent.Length; done += rows.Length)
        {
            Span<byte> piece = rows.AsSpan(0, (int)Math.Min(rows.Length, extent.Length - done));
            for (int filled = 0; filled < piece.Length;)
            {
                int from = (int)((at + done + filled) % tile.Length), count = Math.Min(piece.Length - filled, tile.Length - from);
                tile.AsSpan(from, count).CopyTo(piece[filled..]);
                filled += count;
            }

            for (int row = 0; row < piece.Length; row += rowBytes)
            {
                RandomBlocks.SetLargest(tensor.Type, piece[row..]);
            }

            Put(piece, extent.Offset + done);
        }
    }

    /// <summary>
    /// A number of blocks without small factors, so that rows and experts, whose sizes are rich in them, meet the same place seldom; at
    /// least <paramref name="rows"/> blocks, so that no two tokens are alike.
    /// </summary>
    private byte[] Tile(SyntheticTensor tensor, long rows)
    {
        (TensorType, double, long) kind = (tensor.Type, tensor.Fill.Second, rows);
        if (!_tiles.TryGetValue(kind, out byte[]? tile))
        {
            int blockBytes = TensorTypes.Get(tensor.Type).BlockBytes;
            long blocks = Math.Max(_tileBytes / blockBytes, rows) | 1;
            while (BigInteger.GreatestCommonDivisor(blocks, SmallOddPrimes) > 1)
            {
                blocks += 2;
            }

            tile = new byte[blocks * blockBytes];
            RandomBlocks.Fill(tensor.Type, tensor.Fill.Second, tile, _model.Options.Seed + ((ulong)_tiles.Count << 40));
            _tiles.Add(kind, tile);
        }

        return tile;
    }

    private bool HasSkew => _model.Shape.Experts > 0 && _model.Options.Locality == RouterLocality.Trace;

    private void Fill(SyntheticTensor tensor, float[] values, ref SplitMix64 random)
    {
        (FillKind kind, double first, double second) = tensor.Fill;
        switch (kind)
        {
            case FillKind.Router:
                TensorType embedding = _model.Tensors[0].Type;
                double constant = HasSkew ? RouterSkew.Constant(_model.Shape, _model.Layers, (int)first,
                    RandomBlocks.Largest(embedding)) : 0;
                RouterSkew.Fill(values, (int)tensor.Shape[0], second, constant, ref random);
                break;
            case FillKind.RopeFactors:
                FillRopeFactors(values, first);
                break;
            default:
                foreach (ref float value in values.AsSpan())
                {
                    value = (float)(kind == FillKind.Uniform ? first + ((second - first) * random.Uniform())
                        : first + (second * random.Normal()));
                }

                values.AsSpan(0, kind == FillKind.BlindNorm && HasSkew ? RouterSkew.Run : 0).Clear();
                break;
        }
    }

    /// <summary>Llama 3's divisors: 1 for short waves, 8 for long ones, between them in between (L0 = 8192, low 1, high 4).</summary>
    private static void FillRopeFactors(Span<float> factors, double baseFrequency)
    {
        const double Original = 8192, Factor = 8, Low = 1, High = 4;
        for (int pair = 0; pair < factors.Length; pair++)
        {
            double wave = 2 * Math.PI * Elementary.Pow(baseFrequency, (double)pair / factors.Length);
            double share = Math.Clamp(((Original / wave) - Low) / (High - Low), 0, 1);
            factors[pair] = (float)(1 / (((1 - share) / Factor) + share));
        }
    }

    private void Put(ReadOnlySpan<byte> bytes, long offset)
    {
        while (bytes.Length > 0)
        {
            _cancel.ThrowIfCancellationRequested();
            int count = Math.Min(bytes.Length, PieceBytes);
            RandomAccess.Write(_file, bytes[..count], offset);
            bytes = bytes[count..];
            offset += count;
            Advance(count);
        }
    }

    private void Advance(long bytes)
    {
        _written += bytes;
        _progress?.Invoke(_written);
        if (_written - _flushed >= FlushBytes)
        {
            ProcessMemory.DropFileCache(_path);
            _flushed = _written;
        }
    }
}
