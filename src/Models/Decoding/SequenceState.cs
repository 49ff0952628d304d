using System.Runtime.InteropServices;
using LayerStream.Kernels.Ops;
using LayerStream.Memory;
using LayerStream.Models.Spec;

namespace LayerStream.Models.Decoding;

/// <summary>
/// State of one sequence: keys and values of its tokens in pages, which it takes as it grows and may share with others, and per recurrent
/// layer a part of a fixed size, laid out by the layer's mixer.
/// </summary>
public sealed class SequenceState : IDisposable
{
    private const ushort PositiveInfinity = 0x7C00; // as bits of F16
    private const ushort NegativeInfinity = 0xFC00;
    private const int LeastSpacing = 128;

    private readonly AlignedBuffer? _fixed;
    private readonly AlignedBuffer? _snapshot;
    private readonly WindowPages? _windows; // null = the pages have all layers
    private readonly long[] _fixedOffset; // of a layer's part, in bytes, in the state and in a snapshot
    private readonly long[] _fixedBytes;
    private readonly int[] _snapshotAt;
    private readonly int _firstLayer;
    private KeyValueRangeException? _fault;

    /// <summary>A state without tokens, and room for some copies of what has a fixed size.</summary>
    /// <param name="spec">The model.</param>
    /// <param name="context">Most tokens.</param>
    /// <param name="pages">Where keys and values lie; they outlive the state.</param>
    /// <param name="account">Pays for what has a fixed size.</param>
    /// <param name="snapshots">Copies of it.</param>
    /// <param name="windowPages">Pages of its own for layers with a window, which are not in <paramref name="pages"/> then; 0 = they
    /// are.</param>
    public SequenceState(ModelSpec spec, int context, KvPages pages, BudgetAccount account, int snapshots = 0, int windowPages = 0)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(pages);
        ArgumentNullException.ThrowIfNull(account);
        (Pages, Context) = (new PageTable(pages, context), context);
        _fixedBytes = [.. spec.Layers.Select(l => l.Mixer.StateBytesPerSequence)];
        _fixedOffset = new long[spec.Layers.Count];
        for (int i = 1; i < _fixedOffset.Length; i++)
        {
            _fixedOffset[i] = _fixedOffset[i - 1] + Aligned(_fixedBytes[i - 1]);
        }

        (RecurrentBytes, _firstLayer) = (SnapshotBytes(spec), spec.FirstLayer);
        IsRecurrent = RecurrentBytes > 0 || spec.IsRecurrentElsewhere;
        _snapshotAt = new int[IsRecurrent ? snapshots : 0];
        SnapshotSpacing = (int)Math.Clamp(RecurrentBytes / Math.Max(1, pages.Layout.RowBytes), LeastSpacing, int.MaxValue / 4);
        _windows = windowPages > 0 ? new WindowPages(spec, pages.Layout.Type, context, windowPages, account) : null;
        _fixed = RecurrentBytes > 0 ? account.Allocate(RecurrentBytes) : null;
        _snapshot = RecurrentBytes > 0 && _snapshotAt.Length > 0 ? account.Allocate(RecurrentBytes * snapshots) : null;
    }

    /// <summary>Bytes of what has a fixed size, or of a copy of it, over all layers; 0 where every layer's state can be cut at any
    /// token.</summary>
    public static long SnapshotBytes(ModelSpec spec) => spec.Layers.Sum(l => Aligned(l.Mixer.StateBytesPerSequence));

    /// <summary>Keys and values of its tokens.</summary>
    public PageTable Pages { get; }

    /// <summary>Whether some layer's state has a fixed size, so that it cannot be cut back to fewer tokens.</summary>
    public bool IsRecurrent { get; }

    /// <summary>Whether another sequence may look at full pages of it in the pass that fills them: no layer keeps anything elsewhere, and
    /// nobody follows the changes.</summary>
    public bool LendsAhead => !IsRecurrent && _windows is null && Changed is null;

    /// <summary>Snapshots that there is room for.</summary>
    public int Snapshots => _snapshotAt.Length;

    /// <summary>Room for trying rows that may turn out wrong; null = there is none.</summary>
    public TrialRows? Trial { get; init; }

    /// <summary>Whether the rows of the next pass leave recurrent layers as they are until they are taken over.</summary>
    public bool Tries { get; set; }

    /// <summary>Tokens from one snapshot to the next: their keys and values take as much as a snapshot.</summary>
    public int SnapshotSpacing { get; }

    /// <summary>Tells every recurrent layer to copy its state as it comes past so many tokens; 0 = not any more.</summary>
    public void PlanSnapshot(int slot, int tokens)
    {
        _snapshotAt[slot] = tokens;
        Changed?.Invoke(this, new StateOrder(StateChange.PlanSnapshot, tokens, slot));
    }

    /// <summary>Hears of every change between two passes; null when nobody else keeps the same sequence's state.</summary>
    public Action<SequenceState, StateOrder>? Changed { get; set; }

    /// <summary>Number of the state among those of its engine.</summary>
    public int Number { get; init; }

    /// <summary>Tokens in front of which it cannot be cut but at 0: what layers with a window saw there is given up.</summary>
    public int LeastTokens => _windows?.LeastTokens ?? 0;

    /// <summary>Before a token's keys and values are written: there is room for them.</summary>
    /// <exception cref="InvalidOperationException">Pages have run out.</exception>
    public void Hold(int token)
    {
        Pages.Hold(token, token + 1);
        _windows?.Hold(token);
    }

    /// <summary>Behind <see cref="Hold"/> for all tokens of a pass: all that one of them looks at is there.</summary>
    internal void CheckWindow(int token) => _windows?.Check(token);

    /// <summary>Gives the pages back that hold none of the first tokens.</summary>
    public void Cut(int tokens)
    {
        Pages.Cut(tokens);
        if (tokens == 0)
        {
            _windows?.Clear();
        }

        Changed?.Invoke(this, new StateOrder(StateChange.Cut, tokens));
    }

    /// <summary>Takes over the first tokens of another sequence's pages; see <see cref="PageTable.Share"/>.</summary>
    public void Share(SequenceState other, int tokens)
    {
        ArgumentNullException.ThrowIfNull(other);
        Pages.Share(other.Pages, tokens);
        _windows?.CopyFrom(other._windows!, tokens);
        Changed?.Invoke(this, new StateOrder(StateChange.Share, tokens, From: other.Number));
    }

    /// <summary>Copies the recurrent state of another sequence of the same model.</summary>
    /// <param name="from">The other one.</param>
    /// <param name="fromSlot">Of its snapshot; null = as it stands.</param>
    /// <param name="slot">Of the snapshot that takes the copy; null = the state itself does.</param>
    public void CopyRecurrent(SequenceState from, int? fromSlot, int? slot)
    {
        ArgumentNullException.ThrowIfNull(from);
        if (RecurrentBytes > 0)
        {
            Copy(fromSlot is null ? from._fixed! : from._snapshot!, (fromSlot ?? 0) * RecurrentBytes, slot is null ? _fixed! : _snapshot!,
                (slot ?? 0) * RecurrentBytes, RecurrentBytes);
        }

        Changed?.Invoke(this, new StateOrder(StateChange.CopyRecurrent, Slot: slot, From: from.Number, FromSlot: fromSlot));
    }

    /// <summary>Does what was done to the same sequence's state in other layers.</summary>
    /// <param name="order">The change; <see cref="StateChange.TakeOver"/> is the decoder's.</param>
    /// <param name="states">All states of the engine.</param>
    public void Apply(in StateOrder order, IReadOnlyList<SequenceState> states)
    {
        ArgumentNullException.ThrowIfNull(states);
        switch (order.Change)
        {
            case StateChange.Cut:
                Cut(order.Tokens);
                break;
            case StateChange.Restart:
                Restart();
                break;
            case StateChange.Share:
                Share(states[order.From], order.Tokens);
                break;
            case StateChange.CopyRecurrent:
                CopyRecurrent(states[order.From], order.FromSlot, order.Slot);
                break;
            case StateChange.PlanSnapshot:
                PlanSnapshot(order.Slot!.Value, order.Tokens);
                break;
            case StateChange.TakeSnapshot:
                TakeSnapshot(order.Slot!.Value);
                break;
            case StateChange.RestoreSnapshot:
                RestoreSnapshot(order.Slot!.Value);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(order), order, "not a change of a state");
        }
    }

    /// <summary>Element type of keys and values.</summary>
    public KvType Type => Pages.Pool.Layout.Type;

    /// <summary>Most tokens it can hold.</summary>
    public int Context { get; }

    /// <summary>
    /// The first value that the type of keys and values cannot hold, or null. What a sequence computes behind it is void, and nothing of
    /// it may leave; the other sequences of the pass are as they would be without it.
    /// </summary>
    public KeyValueRangeException? Fault => Volatile.Read(ref _fault);

    /// <summary>Bytes of one element.</summary>
    public int ElementBytes => Type == KvType.F16 ? 2 : 4;

    private static long Aligned(long bytes) =>
        checked((bytes + BranchSpec.StateAlignment - 1) / BranchSpec.StateAlignment * BranchSpec.StateAlignment);

    /// <summary>Bytes of the recurrent state of all layers; 0 where there is none.</summary>
    public long RecurrentBytes { get; }

    /// <summary>Copies a run of the recurrent state as it stands now, or of a snapshot, out of the state.</summary>
    /// <param name="slot">Of the snapshot; null = as it stands now.</param>
    /// <param name="begin">First byte of the run, of <see cref="RecurrentBytes"/>.</param>
    /// <param name="bytes">Takes the run.</param>
    public void SaveRecurrent(int? slot, long begin, Span<byte> bytes)
    {
        bytes.Clear(); // between two layers there is nothing
        foreach ((AlignedBuffer buffer, long at, int run, int length) in RecurrentPieces(slot, begin, bytes.Length))
        {
            buffer.Bytes(at, length).CopyTo(bytes[run..]);
        }
    }

    /// <summary>As <see cref="SaveRecurrent"/>, back into the state of the same model.</summary>
    public void RestoreRecurrent(int? slot, long begin, ReadOnlySpan<byte> bytes)
    {
        foreach ((AlignedBuffer buffer, long at, int run, int length) in RecurrentPieces(slot, begin, bytes.Length))
        {
            bytes.Slice(run, length).CopyTo(buffer.Bytes(at, length));
        }
    }

    private IEnumerable<(AlignedBuffer Buffer, long At, int Run, int Length)> RecurrentPieces(int? slot, long begin, int bytes)
    {
        for (int layer = 0; layer < _fixedOffset.Length; layer++)
        {
            long at = _fixedOffset[layer], from = Math.Max(begin, at), to = Math.Min(begin + bytes, at + _fixedBytes[layer]);
            if (from < to)
            {
                long place = ((slot ?? 0) * RecurrentBytes) + from;
                yield return (slot is null ? _fixed! : _snapshot!, place, (int)(from - begin), (int)(to - from));
            }
        }
    }

    /// <summary>Whether a snapshot is to be taken behind so many tokens.</summary>
    internal bool IsSnapshotAt(int tokens) => Array.IndexOf(_snapshotAt, tokens) >= 0;

    /// <summary>Copies the fixed part of a layer's state if a snapshot is to be taken behind so many tokens.</summary>
    internal void TakeSnapshot(int layer, int tokens)
    {
        if (Array.IndexOf(_snapshotAt, tokens) is >= 0 and int slot)
        {
            CopyLayer(layer, slot, isRestored: false);
        }
    }

    /// <summary>Copies every layer's fixed part as it stands now.</summary>
    public void TakeSnapshot(int slot)
    {
        for (int layer = 0; layer < _fixedOffset.Length; layer++)
        {
            CopyLayer(layer, slot, isRestored: false);
        }

        Changed?.Invoke(this, new StateOrder(StateChange.TakeSnapshot, Slot: slot));
    }

    /// <summary>Puts every layer's fixed part back to a snapshot.</summary>
    public void RestoreSnapshot(int slot)
    {
        for (int layer = 0; layer < _fixedOffset.Length; layer++)
        {
            CopyLayer(layer, slot, isRestored: true);
        }

        Changed?.Invoke(this, new StateOrder(StateChange.RestoreSnapshot, Slot: slot));
    }

    private void CopyLayer(int layer, int slot, bool isRestored)
    {
        if (_fixedBytes[layer] == 0)
        {
            return;
        }

        AlignedBuffer snapshots = _snapshot ?? throw new InvalidOperationException("a state without snapshots cannot be put back");
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)slot, (uint)Snapshots, nameof(slot));
        long at = (slot * RecurrentBytes) + _fixedOffset[layer];
        (AlignedBuffer from, long fromOffset, AlignedBuffer to, long toOffset) = isRestored
            ? (snapshots, at, _fixed!, _fixedOffset[layer]) : (_fixed!, _fixedOffset[layer], snapshots, at);
        Copy(from, fromOffset, to, toOffset, _fixedBytes[layer]);
    }

    private static void Copy(AlignedBuffer from, long fromOffset, AlignedBuffer to, long toOffset, long bytes)
    {
        for (long done = 0; done < bytes;)
        {
            int length = (int)Math.Min(bytes - done, 1 << 30);
            from.Bytes(fromOffset + done, length).CopyTo(to.Bytes(toOffset + done, length));
            done += length;
        }
    }

    /// <summary>Another sequence begins at position 0.</summary>
    public void Restart()
    {
        Volatile.Write(ref _fault, null);
        Changed?.Invoke(this, new StateOrder(StateChange.Restart));
    }

    /// <summary>Notes a value that other layers' part of the state could not hold.</summary>
    public void Note(KeyValueRangeException fault) => Interlocked.CompareExchange(ref _fault, fault, null);

    /// <summary>Zeroes the first bytes of a layer's part of a fixed size.</summary>
    internal void Clear(int layer, long bytes)
    {
        for (long done = 0; done < bytes;)
        {
            int length = (int)Math.Min(bytes - done, 1 << 30);
            _fixed!.Bytes(_fixedOffset[layer] + done, length).Clear();
            done += length;
        }
    }

    /// <summary>A table of a layer: a row of keys or values for each token, all heads side by side. Valid until pages are taken or given
    /// back.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="width">Elements of a row.</param>
    /// <param name="behind">Elements of a row of the table in front of it; 0 for the first.</param>
    internal CachedRows Table(int layer, int width, int behind = 0)
    {
        (nint[] pages, long offset) = _windows is { } windows && windows.Contains(layer)
            ? (windows.Addresses, windows.Offset(layer)) : (Pages.Addresses, Pages.Pool.Layout.Offset(layer));
        return new CachedRows(pages, offset + ((long)PageLayout.Tokens * behind * ElementBytes), (long)width * ElementBytes, width, Type);
    }

    /// <summary>Writes floats as a token's row of keys or values; sets <see cref="Fault"/>.</summary>
    internal void Store(nint source, CachedRows table, int token)
    {
        nint destination = table.At(token, 0);
        int n = table.Elements;
        if (Type == KvType.F16)
        {
            VectorOps.FloatToHalf(source, destination, n);
            CheckRange(destination, n);
        }
        else
        {
            VectorOps.Copy(source, destination, n);
        }
    }

    /// <summary>Notes a value that became infinite; one that is no number stays one and is seen in the logits.</summary>
    private void CheckRange(nint halves, int n)
    {
        WindowPages? windows = _windows is not null && _windows.Has(halves) ? _windows : null;
        Span<byte> bytes = windows is null ? Pages.Pool.Bytes(halves, n * 2, out long offset) : windows.Bytes(halves, n * 2, out offset);
        Span<ushort> bits = MemoryMarshal.Cast<byte, ushort>(bytes);
        if (bits.ContainsAny(PositiveInfinity, NegativeInfinity))
        {
            int at = bits.IndexOfAny(PositiveInfinity, NegativeInfinity);
            int layer = (windows?.Layout ?? Pages.Pool.Layout).LayerAt(offset);
            Interlocked.CompareExchange(
                ref _fault, new KeyValueRangeException(_firstLayer + layer, bits[at] == PositiveInfinity), null);
        }
    }

    /// <summary>Address of a layer's part of a fixed size.</summary>
    public nint Area(int layer) => _fixed!.Address + (nint)_fixedOffset[layer];

    /// <inheritdoc/>
    public void Dispose()
    {
        Pages.Cut(0);
        _windows?.Dispose();
        _fixed?.Dispose();
        _snapshot?.Dispose();
    }
}
