using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LayerStream.Kernels.Quants.Activations;
using LayerStream.Kernels.Quants.Bits;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary>
/// The blocks after the last 256 columns of rows. Those of four rows where they are at most two (of two rows where they are at most four)
/// lie side by side and are multiplied as eight blocks of one row are; where blocks are missing, activations and their scales are zeros.
/// </summary>
internal unsafe struct RowEnds<T, TLanes>
    where T : IBlocksOf32
    where TLanes : IBlocks32Lanes
{
    private const int MostRows = 4;

    /// <summary>Values and record of eight blocks of activations.</summary>
    private const int PreparedBytes = 256 + ActivationRow.BlockRecordBytes;

    /// <summary>Eight sums of either row of activations.</summary>
    private const int SumsOf = 2 * LaneSums.Lanes;

    /// <summary>Room in front of the staged blocks: copies reach up to 31 bytes before what they are meant to copy.</summary>
    private const int Slack = 32;

    private readonly byte* _staged;
    private readonly byte* _prepared;
    private readonly float* _sums;
    private readonly int _columns, _pairs, _bytes, _rowsAtOnce;
    private readonly bool _areWhole;
    private int _rows;

    /// <summary>Bytes of memory that it needs.</summary>
    public static int Bytes => Slack + T.EightBytes + (2 * PreparedBytes) + (MostRows * SumsOf * sizeof(float));

    /// <param name="memory">As many as <see cref="Bytes"/>.</param>
    /// <param name="columns">Columns of a row.</param>
    public RowEnds(byte* memory, int columns)
    {
        _staged = memory + Slack;
        _prepared = _staged + T.EightBytes;
        _sums = (float*)(_prepared + (2 * PreparedBytes));
        _columns = columns;
        int rest = columns % 256;
        _pairs = (rest + 63) / 64;
        _rowsAtOnce = MostRows / Math.Max(_pairs, 1);
        _bytes = rest / 32 * T.EightBytes / 8;
        _areWhole = rest % 64 == 0 && columns >= 256;
    }

    /// <summary>Whether rows are whole multiples of 256 columns.</summary>
    public readonly bool AreNone => _pairs == 0;

    private readonly int RowStride => T.EightBytes / 4 * _pairs;

    /// <summary>Repeats the activations of the last blocks for each of the rows that are multiplied at once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Prepare<TRows>(byte* activations, long stride)
        where TRows : IActivationRows
    {
        if (AreNone)
        {
            return;
        }

        byte* natural = stackalloc byte[256];
        new Span<byte>(_staged, T.EightBytes).Clear();
        for (int second = 0; second < (TRows.AreTwo ? 2 : 1); second++)
        {
            byte* to = _prepared + (second * PreparedBytes), from = activations + (second * stride);
            byte* record = from + ActivationRow.BlocksOffset(_columns) + ((long)_columns / 256 * ActivationRow.BlockRecordBytes);
            from += _columns & ~255;
            byte* values = T.HasHalves ? natural : to;
            for (int i = 0; i < 256; i += 32)
            {
                Vector256.Load(from + (i % (64 * _pairs))).Store(values + i);
            }

            if (T.HasHalves)
            {
                TLanes.Arrange(natural, to);
            }

            for (int field = 0; field <= ActivationRow.RecordSums; field += ActivationRow.RecordScaledSums)
            {
                (_pairs switch
                {
                    1 => Vector256.Create(*(double*)(record + field)).AsByte(),
                    2 => Vector256.Create(Vector128.Load(record + field), Vector128.Load(record + field)),
                    _ => Vector256.Load(record + field),
                }).Store(to + 256 + field);
            }
        }
    }

    /// <summary>Copies the last blocks of the next row, which ends at <paramref name="end"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Stage(byte* end)
    {
        // The first of the rows last in memory, so that what is copied too much is overwritten.
        byte* to = _staged + ((_rowsAtOnce - 1 - _rows) * RowStride);
        if (!_areWhole)
        {
            Unsafe.CopyBlockUnaligned(to, end - _bytes, (uint)_bytes);
            return;
        }

        for (int i = _bytes; i > 0; i -= 32)
        {
            Vector256.Load(end - _bytes + i - 32).Store(to + i - 32);
        }
    }

    /// <summary>Keeps the sums of a row; whether as many rows are kept as are multiplied at once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool Keep(Vector256<float> first, Vector256<float> second)
    {
        float* sums = _sums + (_rows * SumsOf);
        first.Store(sums);
        second.Store(sums + LaneSums.Lanes);
        return ++_rows == _rowsAtOnce;
    }

    /// <summary>Adds the last blocks of the kept rows and writes their outputs.</summary>
    /// <param name="y">Output of the last of them.</param>
    /// <param name="yStride">Floats to that of a second token.</param>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Finish<TRows>(float* y, long yStride)
        where TRows : IActivationRows
    {
        float* first = stackalloc float[LaneSums.Lanes], second = stackalloc float[LaneSums.Lanes];
        Vector256<float> sum = Started(0), others = TRows.AreTwo ? Started(LaneSums.Lanes) : default;
        Blocks32Kernel<T, TLanes>.Eights<TRows>(
            _staged, 1, _prepared, PreparedBytes, _prepared + 256, PreparedBytes, ref sum, ref others);
        sum.Store(first);
        others.Store(second);
        y -= _rows - 1;
        for (int row = 0; row < _rows; row++)
        {
            float* sums = _sums + (row * SumsOf);
            int lane = (_rowsAtOnce - 1 - row) * 2 * _pairs;
            RowOutputs.Store<TRows>(Whole(sums, first + lane), Whole(sums + LaneSums.Lanes, second + lane), y + row, yStride);
        }

        _rows = 0;
    }

    /// <summary>The sums to which the last blocks of the kept rows go.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly Vector256<float> Started(int of)
    {
        float* s = _sums + of;
        return _pairs switch
        {
            1 => Vector256.Create(Two(s + (3 * SumsOf)), Two(s + (2 * SumsOf)), Two(s + SumsOf), Two(s)).AsSingle(),
            2 => Vector256.Create(Vector128.Load(s + SumsOf), Vector128.Load(s)),
            _ => Vector256.Load(s),
        };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double Two(float* s) => Unsafe.ReadUnaligned<double>(s);

    /// <summary>Eight sums of a row, the first of which are done.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly Vector256<float> Whole(float* sums, float* done) => _pairs switch
    {
        1 => Vector256.Create(Sse.LoadLow(Vector128.Load(sums), done), Vector128.Load(sums + 4)),
        2 => Vector256.Create(Vector128.Load(done), Vector128.Load(sums + 4)),
        _ => Vector256.Load(done),
    };
}
