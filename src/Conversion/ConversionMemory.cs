using LayerStream.Formats;
using LayerStream.Memory;
using LayerStream.Storage;

namespace LayerStream.Conversion;

/// <summary>How a budget is divided while a file is written: the sealed sheet, and the window of elements in memory at a time.</summary>
public sealed class ConversionMemory
{
    /// <summary>Elements that one thread decodes and encodes at a time: whole blocks of every type.</summary>
    public const int PieceElements = 1 << 14;

    private const string Windows = "conversion windows";
    private const int LeastPieces = 4;
    private const int MostPieces = 128;
    private const int MostElementBytes = sizeof(double);
    private const long HeapBytes = 24L << 20;
    private const int HeapPerHeadByte = 6; // as read, as collected, as joined to the file's head

    private readonly BudgetSheet _sheet;

    private ConversionMemory(BudgetSheet sheet, int threads, int pieces, long heapLimitBytes) =>
        (_sheet, Threads, Pieces, HeapLimitBytes) = (sheet, threads, pieces, heapLimitBytes);

    /// <summary>Threads that decode and encode.</summary>
    public int Threads { get; }

    /// <summary>Pieces of a window.</summary>
    public int Pieces { get; }

    /// <summary>Limit of the managed heap.</summary>
    public long HeapLimitBytes { get; }

    /// <summary>The sheet, sealed.</summary>
    public BudgetSheet Sheet => _sheet;

    /// <summary>Bytes a window of the source takes at most, rounded to what direct reads bring.</summary>
    public int SourceWindowBytes => ((int)ExtentWindow.Alignment * 2) + (Pieces * PieceElements * MostElementBytes);

    /// <summary>Divides a budget.</summary>
    /// <param name="budgetBytes">The budget of the process.</param>
    /// <param name="headBytes">Bytes in front of the tensors in the model's files.</param>
    /// <param name="threads">Threads that decode and encode.</param>
    /// <param name="runtimeBytes">What the runtime's libraries and code take.</param>
    /// <exception cref="BudgetTooSmallException">Not even the smallest window fits.</exception>
    public static ConversionMemory Divide(long budgetBytes, long headBytes, int threads, long runtimeBytes)
    {
        BudgetSheet sheet = new(budgetBytes);
        long heap = HeapBytes + (HeapPerHeadByte * headBytes);
        sheet.Add("managed heap", heap);
        sheet.Add("page cache of the files", TransientFile.RoomBytes + FlashDevice.CachedBytesPerRead);
        sheet.Add("runtime reserve", runtimeBytes);
        long free = sheet.Free - WindowBytes(threads, 0);
        int pieces = (int)Math.Clamp(free / (PieceElements * (long)(MostElementBytes + sizeof(float))), LeastPieces, MostPieces);
        sheet.Add(Windows, WindowBytes(threads, pieces));
        sheet.Seal();
        return new ConversionMemory(sheet, threads, pieces, heap);
    }

    /// <summary>A window as it is read, one as it is written, and a piece of floats per thread.</summary>
    internal AlignedBuffer Allocate() => _sheet.Allocate(Windows, WindowBytes(Threads, Pieces));

    /// <summary>Where the window that is written begins.</summary>
    internal long TargetOffset => SourceWindowBytes;

    /// <summary>Where a thread's floats begin.</summary>
    internal long FloatsOffset(int thread) =>
        TargetOffset + ((Pieces + thread) * (long)PieceElements * sizeof(float));

    private static long WindowBytes(int threads, int pieces) => (2 * ExtentWindow.Alignment)
        + (PieceElements * ((pieces * (long)(MostElementBytes + sizeof(float))) + (threads * (long)sizeof(float))));
}
