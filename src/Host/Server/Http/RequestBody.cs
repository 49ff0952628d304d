using System.Buffers;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace LayerStream.Host.Server.Http;

/// <summary>Reads a body into memory that is reserved before it arrives: its declared length, or steps of 64 KiB up to the limit.</summary>
internal static class RequestBody
{
    /// <summary>Largest body of any kind.</summary>
    public const long MostBytes = 32L << 20;

    private const int StepBytes = 64 << 10;
    private const int BytesPerSecond = 32 << 10; // a line slower than this runs out of time
    private static readonly TimeSpan s_leastTime = TimeSpan.FromSeconds(30);

    /// <summary>The whole body, unpacked.</summary>
    /// <param name="http">The request.</param>
    /// <param name="memory">Pays for the bytes, which it holds when this returns; what only reading took is given back.</param>
    /// <param name="limitBytes">Longest body, before and after unpacking.</param>
    /// <param name="leastTime">Time for the shortest body; null = 30 s. A longer one gets a second more for every 32 KiB.</param>
    /// <exception cref="ApiException">400 declared longer than any prompt, 408 too slow, 413 too long, 415 unknown encoding, 429 no memory
    /// now, 400 damaged.</exception>
    public static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpContext http, RequestMemory.Holding memory, long limitBytes,
        TimeSpan? leastTime = null)
    {
        long limit = Math.Min(limitBytes, MostBytes);
        long declared = http.Request.ContentLength ?? 0;
        if (declared > limit)
        {
            throw limit < MostBytes && declared <= MostBytes ? Hopeless(limit) : TooLarge(limit);
        }

        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = limit;
        }

        using CancellationTokenSource clock = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        clock.CancelAfter((leastTime ?? s_leastTime) + TimeSpan.FromSeconds(declared / BytesPerSecond));
        long before = memory.Bytes;
        try
        {
            Stream body = BodyEncoding.Open(http.Request, memory);
            await using (ReferenceEquals(body, http.Request.Body) ? null : body)
            {
                bool isPlain = ReferenceEquals(body, http.Request.Body) && http.Request.ContentLength is not null;
                ReadOnlyMemory<byte> whole =
                    isPlain ? await ReadDeclaredAsync(body, (int)declared, memory, clock.Token)
                        : await ReadStepsAsync(body, limit, memory, clock);
                memory.ShrinkTo(before + whole.Length);
                return whole;
            }
        }
        catch (OperationCanceledException) when (!http.RequestAborted.IsCancellationRequested)
        {
            throw new ApiException(408, "invalid_request_error", "the body did not arrive in time", "body_timeout");
        }
        catch (Exception e) when (e is InvalidDataException or InvalidOperationException or ZstdSharp.ZstdException)
        {
            throw ApiException.Invalid(null, "the body cannot be unpacked: it is damaged, or its window is larger than 2 MiB",
                "invalid_encoding");
        }
    }

    private static async Task<ReadOnlyMemory<byte>> ReadDeclaredAsync(Stream body, int length, RequestMemory.Holding memory,
        CancellationToken ct)
    {
        memory.Grow(length, "the body");
        byte[] bytes = new byte[length];
        int read = await body.ReadAtLeastAsync(bytes, length, throwOnEndOfStream: false, ct);
        return read == length ? bytes : throw ApiException.Invalid(null, "the body ended early", "invalid_body");
    }

    private static async Task<ReadOnlyMemory<byte>> ReadStepsAsync(Stream body, long limit, RequestMemory.Holding memory,
        CancellationTokenSource clock)
    {
        List<byte[]> steps = [];
        long length = 0;
        while (true)
        {
            memory.Grow(2 * StepBytes, "the body"); // once as a step, once in the whole
            byte[] step = ArrayPool<byte>.Shared.Rent(StepBytes);
            steps.Add(step);
            try
            {
                int read = await body.ReadAtLeastAsync(step.AsMemory(0, StepBytes), StepBytes, throwOnEndOfStream: false, clock.Token);
                length += read;
                if (length > limit)
                {
                    throw TooLarge(limit);
                }

                if (read < StepBytes)
                {
                    return Join(steps, (int)length);
                }
            }
            catch
            {
                steps.ForEach(s => ArrayPool<byte>.Shared.Return(s));
                throw;
            }
        }
    }

    private static byte[] Join(List<byte[]> steps, int length)
    {
        byte[] whole = new byte[length];
        for (int i = 0; i < steps.Count; i++)
        {
            int at = i * StepBytes;
            steps[i].AsSpan(0, Math.Min(StepBytes, length - at)).CopyTo(whole.AsSpan(at));
            ArrayPool<byte>.Shared.Return(steps[i]);
        }

        return whole;
    }

    private static ApiException TooLarge(long limit) => new(
        413, "invalid_request_error", $"the body is larger than {limit} bytes, which is more than the maximum context length of this "
            + $"model can hold", "body_too_large");

    // Nothing is wrong with the body but that no prompt of this length fits: agents look for these words and this code.
    private static ApiException Hopeless(long limit) => ApiException.Invalid(
        "messages", $"the body has more than {limit} bytes, which exceeds the available context size: no prompt of this length is within "
            + $"the maximum context length", "context_length_exceeded");
}
