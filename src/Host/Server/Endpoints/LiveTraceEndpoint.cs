using System.Buffers;
using System.Diagnostics;
using System.Text.Json;
using LayerStream.Actors.Tracing;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Service;
using LayerStream.Session;
using Microsoft.AspNetCore.Http;

namespace LayerStream.Host.Server.Endpoints;

/// <summary>
/// Events of the ring as they are added, as server-sent events: first the names of the tiles, then batches. A reader that is too slow
/// misses events, which are counted; no pass waits for it.
/// </summary>
internal static class LiveTraceEndpoint
{
    private const int MostReaders = 4;
    private const int MostEvents = 2048; // of one batch
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(100);
    private static int s_readers;

    /// <summary>Streams until the client leaves, the daemon drains or the model is unloaded.</summary>
    /// <exception cref="ApiException">503 while the model loads, 429 when enough clients follow already.</exception>
    public static async Task HandleAsync(HttpContext http, ServerState state)
    {
        using ModelHold hold = state.Watch();
        using CancellationTokenRegistration broken = hold.Served.Broken.Register(http.Abort);
        LoadedModel model = hold.Served.Model;
        if (HttpMethods.IsHead(http.Request.Method))
        {
            return; // there is no end to wait for
        }

        if (Interlocked.Increment(ref s_readers) > MostReaders)
        {
            Interlocked.Decrement(ref s_readers);
            throw new ApiException(429, "rate_limit_error", $"{MostReaders} clients follow the trace already",
                "too_many_readers")
            { RetryAfterSeconds = 5 };
        }

        TraceEvent[] batch = ArrayPool<TraceEvent>.Shared.Rent(MostEvents);
        try
        {
            using EventStream stream = new(http);
            await stream.SendAsync(json => WriteNames(json, hold.Served.Id, model));
            await FollowAsync(http, state, hold.Served, stream, batch.AsMemory(0, MostEvents));
        }
        finally
        {
            ArrayPool<TraceEvent>.Shared.Return(batch);
            Interlocked.Decrement(ref s_readers);
        }
    }

    private static async Task FollowAsync(HttpContext http, ServerState state, ServedModel served, EventStream stream,
        Memory<TraceEvent> batch)
    {
        TraceRing ring = served.Model.Engine.Trace;
        long place = ring.Added, quietSince = Stopwatch.GetTimestamp();
        while (!state.Admission.IsDraining && !served.Closed.IsCancellationRequested)
        {
            int count = ring.Follow(ref place, batch.Span, out long missed);
            if (count > 0 || Stopwatch.GetElapsedTime(quietSince) > EventStream.PingInterval)
            {
                await stream.SendAsync(json => WriteBatch(json, batch.Span[..count], missed));
                quietSince = Stopwatch.GetTimestamp();
            }

            if (count < batch.Length)
            {
                await Task.Delay(s_pause, http.RequestAborted);
            }
        }
    }

    private static void WriteNames(Utf8JsonWriter json, string id, LoadedModel model)
    {
        TraceTiles tiles = model.Engine.DescribeTiles();
        json.WriteStartObject();
        json.WriteString("model", id);
        json.WriteNumber("first_expert_tile", tiles.FirstExpert);
        json.WriteStartArray("tile_names");
        for (int tile = 0; tile < tiles.Count; tile++)
        {
            json.WriteStringValue(tiles.Name(tile));
        }

        json.WriteEndArray();
        json.WriteStartArray("tile_layers");
        for (int tile = 0; tile < tiles.Count; tile++)
        {
            json.WriteNumberValue(tiles.Layer(tile));
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    // One array per event, times in microseconds: kind, start, end, tile, pass, lane, bytes, stall reason, predicted,
    // rows, sequence.
    private static void WriteBatch(Utf8JsonWriter json, ReadOnlySpan<TraceEvent> batch, long missed)
    {
        const long million = 1_000_000;
        json.WriteStartObject();
        json.WriteNumber("skipped", missed);
        json.WriteStartArray("events");
        foreach (ref readonly TraceEvent e in batch)
        {
            json.WriteStartArray();
            json.WriteNumberValue((int)e.Kind);
            json.WriteNumberValue((long)(e.StartTicks * (double)million / Stopwatch.Frequency));
            json.WriteNumberValue((long)(e.EndOrStartTicks * (double)million / Stopwatch.Frequency));
            json.WriteNumberValue(e.Tile);
            json.WriteNumberValue(e.Pass);
            json.WriteNumberValue(e.Lane);
            json.WriteNumberValue(e.Bytes);
            json.WriteNumberValue((int)e.Reason);
            json.WriteNumberValue(e.IsPredicted ? 1 : 0);
            json.WriteNumberValue(e.Rows);
            json.WriteNumberValue(e.Sequence);
            json.WriteEndArray();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
