using System.Globalization;
using LayerStream.Formats;
using LayerStream.Memory;

namespace LayerStream.Storage.Filling;

/// <summary>
/// Looks for weights that were never written: holes that the file system tells of, and blocks of zeros at evenly spread places. A few
/// hundred reads of 4 KiB whatever the size of the model; sound models have single matrices of zeros, so one alone is only a doubt.
/// </summary>
public static class UnfilledTensors
{
    private const int Places = 256;
    private const int BlocksPerTensor = 8;
    private const int MostHoles = 1 << 16; // a sparse copy of a file with many zero rows has as many
    private const long LeastHoleBytes = 1 << 20;
    private const int SurelyUnfinished = 3; // neighbours in the file, of different roles

    /// <summary>The tensors, in file order, in which nothing seems to be written.</summary>
    /// <param name="device">The model's files.</param>
    /// <param name="tensors">What the model is made of; vectors are left alone, as biases may be zero.</param>
    /// <exception cref="FlashReadException">A block could not be read.</exception>
    public static IReadOnlyList<UnfilledTensor> Find(FlashDevice device, IEnumerable<TensorInfo> tensors)
    {
        ArgumentNullException.ThrowIfNull(device);
        TensorInfo[] ordered = [.. tensors.Where(t => t.Rows > 1 && t.Extent.Length >= ExtentWindow.Alignment).DistinctBy(t => t.Extent)
            .OrderBy(t => t.Extent.File).ThenBy(t => t.Extent.Offset)];
        long[] holes = HoleBytes(device, ordered);
        bool?[] isZero = new bool?[ordered.Length];
        using AlignedBuffer block = new BudgetAccount("blocks looked at", 2 * ExtentWindow.Alignment).Allocate(2 * ExtentWindow.Alignment);
        foreach (int suspect in Suspects(device, ordered, block))
        {
            // A range that was not written begins and ends anywhere: go on to both sides until a tensor has something in it.
            for (int i = suspect; i >= 0 && (isZero[i] ??= IsZero(device, ordered[i], block)); i--)
            {
            }

            for (int i = suspect + 1; i < ordered.Length && isZero[suspect] == true
                && (isZero[i] ??= IsZero(device, ordered[i], block)); i++)
            {
            }
        }

        return
        [
            .. Enumerable.Range(0, ordered.Length)
                .Where(i => isZero[i] == true || holes[i] >= LeastHoleBytes || holes[i] * 2 >= ordered[i].Extent.Length)
                .Select(i => new UnfilledTensor(ordered[i], holes[i])),
        ];
    }

    /// <summary>Whether the tensors are so many neighbours that a file was preallocated and not written to its end.</summary>
    /// <param name="unfilled">What <see cref="Find"/> gave.</param>
    /// <param name="tensors">What it was given.</param>
    public static bool IsUnfinished(IReadOnlyList<UnfilledTensor> unfilled, IEnumerable<TensorInfo> tensors)
    {
        HashSet<Extent> found = [.. unfilled.Select(u => u.Tensor.Extent)];
        int run = 0, longest = 0;
        foreach (TensorInfo tensor in tensors.Where(t => t.Rows > 1).DistinctBy(t => t.Extent).OrderBy(t => t.Extent.File)
            .ThenBy(t => t.Extent.Offset))
        {
            run = found.Contains(tensor.Extent) ? run + 1 : 0;
            longest = Math.Max(longest, run);
        }

        return longest >= SurelyUnfinished;
    }

    /// <summary>One clause about tensors, without a full stop.</summary>
    public static string Describe(IReadOnlyList<UnfilledTensor> tensors)
    {
        long holes = tensors.Sum(t => t.HoleBytes), bytes = tensors.Sum(t => t.Tensor.Extent.Length);
        string names = tensors.Count == 1 ? tensors[0].Tensor.Name
            : $"{tensors.Count} tensors ({tensors[0].Tensor.Name} to {tensors[^1].Tensor.Name})";
        return string.Create(CultureInfo.InvariantCulture,
            $"{names} of {ByteSize.Format(bytes)} hold zeros where weights should "
            + $"be{(holes == 0 ? "" : $" ({ByteSize.Format(holes)} of it are holes in the file)")}");
    }

    private static long[] HoleBytes(FlashDevice device, TensorInfo[] ordered)
    {
        long[] bytes = new long[ordered.Length];
        for (int i = 0, holes = 0; i < ordered.Length && holes < MostHoles;)
        {
            Extent tensor = ordered[i].Extent;
            if (device.NextHole(tensor.File, tensor.Offset) is not var (begin, end))
            {
                i = Array.FindIndex(ordered, i, t => t.Extent.File > tensor.File);
                i = i < 0 ? ordered.Length : i;
                continue;
            }

            holes++;
            while (i < ordered.Length && ordered[i].Extent.File == tensor.File && ordered[i].Extent.Offset < end)
            {
                bytes[i] += Math.Max(0, Math.Min(end, ordered[i].Extent.End) - Math.Max(begin, ordered[i].Extent.Offset));
                if (ordered[i].Extent.End > end)
                {
                    bytes[i] += LaterHoles(device, ordered[i].Extent, end, ref holes);
                }

                i++;
            }
        }

        return bytes;
    }

    /// <summary>Bytes of the holes of a tensor behind an offset in it.</summary>
    private static long LaterHoles(FlashDevice device, in Extent tensor, long from, ref int holes)
    {
        long bytes = 0;
        while (holes++ < MostHoles && device.NextHole(tensor.File, from) is var (begin, end) && begin < tensor.End)
        {
            bytes += Math.Min(end, tensor.End) - begin;
            from = end;
        }

        return bytes;
    }

    /// <summary>Indexes of tensors that are zero at one of the places that are spread over all bytes.</summary>
    private static List<int> Suspects(FlashDevice device, TensorInfo[] ordered, AlignedBuffer block)
    {
        List<int> suspects = [];
        long total = ordered.Sum(t => t.Extent.Length), before = 0;
        int place = 0;
        for (int i = 0; i < ordered.Length; i++)
        {
            long length = ordered[i].Extent.Length;
            bool isSuspect = false;
            for (; place < Places && (total * place / Places) + (total / Places / 2) < before + length; place++)
            {
                long at = Math.Max(0, (total * place / Places) + (total / Places / 2) - before);
                isSuspect |= IsZeroAt(device, ordered[i].Extent, at, block);
            }

            before += length;
            if (isSuspect)
            {
                suspects.Add(i);
            }
        }

        return suspects;
    }

    private static bool IsZero(FlashDevice device, TensorInfo tensor, AlignedBuffer block)
    {
        for (int i = 0; i < BlocksPerTensor; i++)
        {
            if (!IsZeroAt(device, tensor.Extent, ((tensor.Extent.Length - 1) / BlocksPerTensor * i)
                + (tensor.Extent.Length / BlocksPerTensor / 2), block))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether the bytes of a tensor in the block round one of them are all zero.</summary>
    private static bool IsZeroAt(FlashDevice device, in Extent tensor, long at, AlignedBuffer block)
    {
        long begin = Math.Max(tensor.Offset, ExtentWindow.RoundDown(tensor.Offset + at));
        Extent piece = new(tensor.File, begin, Math.Min(tensor.End, ExtentWindow.RoundDown(begin) + ExtentWindow.Alignment) - begin);
        return PayloadRead.Fill(device, piece, block.Address, out _) is { } error
            ? throw error : !block.Bytes(piece.Window.PayloadOffset, (int)piece.Length).ContainsAnyExcept((byte)0);
    }
}
