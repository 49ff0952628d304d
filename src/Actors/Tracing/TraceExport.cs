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
        using ChromeTraceWriter writer = new(trace, output);
        writer.Write();
    }

    /// <summary>OTLP JSON lines: every line is one complete trace export request with up to 512 spans.</summary>
    public static void Otlp(TraceFile trace, Stream output)
    {
        ArgumentNullException.ThrowIfNull(trace);
        ArgumentNullException.ThrowIfNull(output);
        new OtlpTraceWriter(trace, output).Write();
    }

    /// <summary>
    /// An I/O log of fio with every read of the trace: <c>fio --name=replay --read_iolog=FILE --replay_no_stall=1 --direct=1
    /// --ioengine=psync</c> measures
    /// what the device gives for these reads alone.
    /// </summary>
    /// <exception cref="InvalidDataException">No reads, or a trace that does not say where its tiles lie.</exception>
    public static void Fio(TraceFile trace, Stream output)
    {
        ArgumentNullException.ThrowIfNull(trace);
        ArgumentNullException.ThrowIfNull(output);
        FioLogWriter.Write(trace, output);
    }
}
