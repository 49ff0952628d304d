using LayerStream.Formats;
using LayerStream.Kernels.Quants;
using LayerStream.Kernels.Quants.Encoding;
using LayerStream.Memory;
using LayerStream.Storage;

namespace LayerStream.Conversion;

/// <summary>
/// Writes a planned file, window by window and in order: read, decode and encode on all threads, write, drop from the page cache. Bytes
/// do not depend on threads or budget.
/// </summary>
public sealed class ConvertedFile
{
    private const string PartEnding = ".part";

    private readonly QuantizePlan _plan;
    private readonly IFlashDevice _device;
    private readonly ConversionMemory _memory;
    private readonly AlignedBuffer _buffer;
    private readonly Stream _file;
    private readonly Action<long>? _progress;
    private readonly CancellationToken _cancel;
    private long _position;
    private long _done;

    private ConvertedFile(
        QuantizePlan plan, IFlashDevice device, ConversionMemory memory, AlignedBuffer buffer, Stream file, Action<long>? progress,
        CancellationToken cancel) =>
        (_plan, _device, _memory, _buffer, _file, _progress, _cancel) = (plan, device, memory, buffer, file, progress, cancel);

    /// <summary>The name under which a file is written before it gets its own.</summary>
    public static string PartOf(string path) => path + PartEnding;

    /// <summary>Writes the file under another name and renames it when it is whole; what was not finished is deleted.</summary>
    /// <param name="plan">What to write.</param>
    /// <param name="device">The model's files.</param>
    /// <param name="memory">Where windows come from.</param>
    /// <param name="path">Path of the file.</param>
    /// <param name="replaces">Whether a file of that name may be replaced.</param>
    /// <param name="progress">Is told the bytes of the model that are done.</param>
    /// <param name="cancel">Stops the writing.</param>
    /// <exception cref="UnquantizableTensorException">A value is not finite or too large.</exception>
    /// <exception cref="FlashReadException">The model could not be read.</exception>
    /// <exception cref="ModelChangedException">The model was changed meanwhile.</exception>
    /// <exception cref="IOException">The file could not be written, or is there already.</exception>
    public static void Write(
        QuantizePlan plan, IFlashDevice device, ConversionMemory memory, string path, bool replaces, Action<long>? progress = null,
        CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(memory);
        string part = PartOf(path);
        TransientFile file = TransientFile.Create(part); // refused while another process writes it: nothing to delete then
        try
        {
            using (file)
            using (AlignedBuffer buffer = memory.Allocate())
            {
                new ConvertedFile(plan, device, memory, buffer, file, progress, cancel).WriteAll();
            }

            if (ModelChangedException.Find(device) is { } change)
            {
                throw change;
            }

            File.Move(part, path, replaces);
        }
        catch
        {
            File.Delete(part);
            throw;
        }
    }

    private void WriteAll()
    {
        Put(_plan.Layout.Head);
        for (int i = 0; i < _plan.Choices.Count; i++)
        {
            PadTo(_plan.Layout.Tensors[i].Extent.Offset);
            WriteTensor(_plan.Choices[i]);
        }

        PadTo(_plan.Layout.FileBytes);
    }

    private void WriteTensor(TensorChoice choice)
    {
        for (long first = 0; first < choice.Source.Elements; first += choice.SliceElements)
        {
            foreach (TensorInfo source in choice.Sources)
            {
                WriteSlice(choice, source, first, first + choice.SliceElements);
            }
        }
    }

    private void WriteSlice(TensorChoice choice, TensorInfo source, long begin, long end)
    {
        int window = _memory.Pieces * ConversionMemory.PieceElements;
        for (long first = begin; first < end; first += window)
        {
            _cancel.ThrowIfCancellationRequested();
            int count = (int)Math.Min(window, end - first);
            long offset = source.Extent.Offset + ByteCount(source.Type, first);
            Extent extent = new(source.Extent.File, offset, ByteCount(source.Type, count));
            if (PayloadRead.Fill(_device, extent, _buffer.Address, out _) is { } error)
            {
                throw error.WithTensor(source.Name);
            }

            Convert(choice, source, first, count, extent.Window.PayloadOffset);
            Put(choice.IsCopy ? _buffer.Bytes(extent.Window.PayloadOffset, (int)extent.Length)
                : _buffer.Bytes(_memory.TargetOffset, (int)ByteCount(choice.Type, count)));
            _progress?.Invoke(_done += extent.Length);
        }
    }

    /// <summary>Decodes and encodes a window, or checks one that is copied; its first bad value ends the work.</summary>
    private void Convert(TensorChoice choice, TensorInfo source, long first, int count, int payload)
    {
        if (choice.IsCopy && !Dequantize.Supports(choice.Type))
        {
            return;
        }

        int pieces = (count + ConversionMemory.PieceElements - 1) / ConversionMemory.PieceElements;
        UnencodableValueException?[] bad = new UnencodableValueException?[pieces];
        Parallel.For(0, Math.Min(_memory.Threads, pieces), new ParallelOptions { MaxDegreeOfParallelism = _memory.Threads }, thread =>
        {
            for (int piece = thread; piece < pieces; piece += _memory.Threads)
            {
                int at = piece * ConversionMemory.PieceElements;
                try
                {
                    ConvertPiece(choice, thread, at, Math.Min(ConversionMemory.PieceElements, count - at), payload);
                }
                catch (UnencodableValueException e)
                {
                    bad[piece] = e;
                }
            }
        });

        int failed = Array.FindIndex(bad, e => e is not null);
        if (failed >= 0)
        {
            long element = first + ((long)failed * ConversionMemory.PieceElements) + bad[failed]!.Element;
            throw new UnquantizableTensorException(_plan.Source.Files[source.Extent.File], source, element, bad[failed]!);
        }
    }

    private void ConvertPiece(TensorChoice choice, int thread, int at, int count, int payload)
    {
        TensorType from = choice.Source.Type, to = choice.Type;
        Span<float> values = _buffer.Floats(_memory.FloatsOffset(thread), count);
        Dequantize.Row(from, _buffer.Bytes(payload + ByteCount(from, at), (int)ByteCount(from, count)), values);
        if (choice.IsCopy)
        {
            Quantize.CheckFinite(to, values);
        }
        else
        {
            Quantize.Row(to, values, _buffer.Bytes(_memory.TargetOffset + ByteCount(to, at), (int)ByteCount(to, count)));
        }
    }

    private void PadTo(long offset)
    {
        Span<byte> zeros = stackalloc byte[256];
        zeros.Clear();
        while (_position < offset)
        {
            Put(zeros[..(int)Math.Min(zeros.Length, offset - _position)]);
        }
    }

    private void Put(ReadOnlySpan<byte> bytes)
    {
        _file.Write(bytes);
        _position += bytes.Length;
    }

    private static long ByteCount(TensorType type, long elements) => TensorTypes.Get(type).Bytes(elements);
}
