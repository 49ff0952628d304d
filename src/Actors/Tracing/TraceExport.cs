namespace LayerStream.Actors.Tracing;

/// <summary>Traces in formats other programs read. They write as they go: memory does not grow with the output.</summary>
public static class TraceExport
{
    /// <summary>
    /// Chrome trace JSON for Perfetto (ui.perfetto.dev) or chrome://tracing: one lane per slot with its reads, lanes for compute,
    /// eviction, passes and requests, flow arrows load → compute → evict, and a counter of the reads in flight.
    /// </summary>
    public static void Chrome(TraceFile trace, Stream output)
    {
        ArgumentNullException.ThrowIfNull(trace);
        ArgumentNullException.ThrowIfNull(output);
        foreach (bool step in ChromeSteps(trace, output))
        {
            _ = step;
        }
    }

    /// <summary>As <see cref="Chrome"/>, a little with every step, for whoever sends the output on between two steps.</summary>
    public static IEnumerable<bool> ChromeSteps(TraceFile trace, Stream output)
    {
        using ChromeTraceWriter writer = new(trace, output);
        foreach (bool step in writer.Steps())
        {
            yield return step;
        }
    }

    /// <summary>As <see cref="Otlp"/>, a span with every step.</summary>
    public static IEnumerable<bool> OtlpSteps(TraceFile trace, Stream output) => new OtlpTraceWriter(trace, output).Steps();

    /// <summary>As <see cref="TraceFile.Save(Stream)"/>, a block of events with every step.</summary>
    /// <exception cref="ArgumentException">The trace breaks a rule of the format; nothing has been written.</exception>
    public static IEnumerable<bool> FileSteps(TraceFile trace, Stream output) => TraceFormat.Steps(trace, TraceFormat.Check(trace), output);


    /// <summary>OTLP JSON lines: every line is one complete trace export request with up to 512 spans.</summary>
    public static void Otlp(TraceFile trace, Stream output)
    {
        ArgumentNullException.ThrowIfNull(trace);
        ArgumentNullException.ThrowIfNull(output);
        foreach (bool step in OtlpSteps(trace, output))
        {
            _ = step;
        }
    }

    /// <summary>
    /// An I/O log of fio with every read of the trace: <c>fio --name=replay --read_iolog=FILE --replay_no_stall=1 --direct=1
    /// --ioengine=psync</c> measures what the device gives for these reads alone.
    /// </summary>
    /// <exception cref="InvalidDataException">No reads, or a trace that does not say where its tiles lie.</exception>
    public static void Fio(TraceFile trace, Stream output)
    {
        ArgumentNullException.ThrowIfNull(trace);
        ArgumentNullException.ThrowIfNull(output);
        FioLogWriter.Write(trace, output);
    }
}
