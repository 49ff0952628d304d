using System.Buffers;
using System.Collections.Concurrent;
using System.Net.Http.Headers;
using LayerStream.Formats;
using LayerStream.Memory;

namespace LayerStream.Host.Pulling;

/// <summary>Brings what is missing of a part: several ranges at a time where the server gives ranges, else the whole in one go.</summary>
/// <param name="http">Connections.</param>
/// <param name="remote">The file.</param>
/// <param name="part">Where it goes.</param>
/// <param name="options">How.</param>
/// <param name="memory">Account of the buffers: one for each connection.</param>
internal sealed class FileTransfer(HubHttp http, RemoteFile remote, PartFile part, PullOptions options, BudgetAccount memory)
{
    private long _unwritten;
    private Exception? _first;

    /// <summary>Bytes that are here: written, or in a buffer.</summary>
    public long ReceivedBytes => part.DoneBytes + Interlocked.Read(ref _unwritten);

    /// <summary>Runs until nothing is missing. Whatever ends it, the journal then says what is written.</summary>
    /// <exception cref="PullException">It was refused, or failed too often.</exception>
    public async Task RunAsync(CancellationToken ct)
    {
        if (!remote.HasRanges)
        {
            part.Restart(); // there is no way to ask for the rest
        }

        ConcurrentQueue<(long Begin, long End)> missing = new(part.Missing(remote.HasRanges ? options.RangeBytes : remote.Bytes));
        int connections = Math.Clamp(Math.Min(options.Connections, missing.Count), 1, remote.HasRanges ? options.Connections : 1);
        using CancellationTokenSource any = CancellationTokenSource.CreateLinkedTokenSource(ct);
        try
        {
            await Task.WhenAll(Enumerable.Range(0, connections)
                .Select(_ => Task.Run(() => ServeAsync(missing, any), CancellationToken.None)));
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw _first ?? throw new InvalidOperationException("A transfer was cancelled by nobody.");
        }
        finally
        {
            part.Save();
        }
    }

    private async Task ServeAsync(ConcurrentQueue<(long Begin, long End)> missing, CancellationTokenSource any)
    {
        try
        {
            using AlignedBuffer buffer = memory.Allocate(options.BufferBytes);
            using AlignedMemory view = new(buffer);
            Retries retries = new(options);
            while (missing.TryDequeue(out (long Begin, long End) range))
            {
                Piece piece = new(range.Begin, range.End, buffer, view);
                await retries.RunAsync(async () =>
                {
                    await FetchAsync(piece, retries, any.Token);
                    return true;
                }, any.Token);
            }
        }
        catch (Exception e)
        {
            if (e is not OperationCanceledException)
            {
                Interlocked.CompareExchange(ref _first, e, null);
            }

            await any.CancelAsync(); // the others then end with what they have
            throw;
        }
    }

    private async Task FetchAsync(Piece piece, Retries retries, CancellationToken ct)
    {
        if (!remote.HasRanges && piece.At > 0)
        {
            part.Restart();
            piece.At = 0;
        }

        RangeHeaderValue? wanted = remote.HasRanges ? new RangeHeaderValue(piece.At, piece.End - 1) : null;
        using HttpResponseMessage answer = await http.GetAsync(remote.Url, wanted, ct);
        remote.Check(answer, piece.At, piece.End);
        await using Stream body = await answer.Content.ReadAsStreamAsync(ct);
        piece.Filled = 0;
        try
        {
            while (piece.At < piece.End)
            {
                await FillAsync(body, piece, ct);
                Flush(piece, piece.Filled);
                retries.Succeeded();
            }
        }
        catch (Exception e) when (e is InterruptedTransferException or OperationCanceledException)
        {
            Flush(piece, piece.Filled / ExtentWindow.Alignment * ExtentWindow.Alignment); // what is no whole block comes again
            throw;
        }
        finally
        {
            Interlocked.Add(ref _unwritten, -piece.Filled);
            piece.Filled = 0;
        }
    }

    /// <summary>Fills the buffer, or as much of it as the piece still has.</summary>
    private async Task FillAsync(Stream body, Piece piece, CancellationToken ct)
    {
        int wanted = (int)Math.Min(piece.Buffer.Length, piece.End - piece.At);
        using CancellationTokenSource stall = CancellationTokenSource.CreateLinkedTokenSource(ct);
        while (piece.Filled < wanted)
        {
            stall.CancelAfter(options.StallLimit);
            int read = await ReadAsync(body, piece.View.Memory[piece.Filled..wanted], stall.Token, ct);
            piece.Filled += read;
            Interlocked.Add(ref _unwritten, read);
        }
    }

    private async Task<int> ReadAsync(Stream body, Memory<byte> room, CancellationToken stall, CancellationToken ct)
    {
        try
        {
            int read = await body.ReadAsync(room, stall);
            return read > 0 ? read : throw new InterruptedTransferException($"{HubHttp.Shown(remote.Url)} broke off");
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new InterruptedTransferException(
                $"{HubHttp.Shown(remote.Url)} sent nothing for {options.StallLimit.TotalSeconds:0.#} s");
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            throw new InterruptedTransferException($"{HubHttp.Shown(remote.Url)} broke off: {e.Message}", null, e);
        }
    }

    private void Flush(Piece piece, int length)
    {
        if (length == 0)
        {
            return;
        }

        if (piece.At == 0 && length >= 4 && !piece.Buffer.Bytes(0, 4).SequenceEqual("GGUF"u8))
        {
            throw new PullException($"{HubHttp.Shown(remote.Url)} is no GGUF file: it does not begin as one.");
        }

        part.Write(piece.Buffer, length, piece.At);
        piece.At += length;
        piece.Filled -= length;
        Interlocked.Add(ref _unwritten, -length);
    }

    /// <summary>A range with how far it is, and the buffer it passes through.</summary>
    private sealed class Piece(long begin, long end, AlignedBuffer buffer, MemoryManager<byte> view)
    {
        public long At { get; set; } = begin;

        public long End { get; } = end;

        public AlignedBuffer Buffer { get; } = buffer;

        public MemoryManager<byte> View { get; } = view;

        /// <summary>Bytes in the buffer, of the range from <see cref="At"/> on.</summary>
        public int Filled { get; set; }
    }
}
