using System.CommandLine;
using System.Globalization;
using LayerStream.Host.Options;
using LayerStream.Host.Terminal;
using LayerStream.Memory;
using LayerStream.Session;
using LayerStream.Session.Reports;

namespace LayerStream.Host.Verbs;

/// <summary><c>doctor</c>: what this machine offers and what is missing.</summary>
public static class DoctorVerb
{
    /// <summary>The verb.</summary>
    public static Command Create()
    {
        Command verb = new("doctor", "Examines machine and model: what is there, what is missing.");
        verb.ShowExamples("layerstream doctor", "layerstream doctor --model models/big.gguf --json");
        verb.SetAction(RunAsync);
        return verb;
    }

    private static async Task<int> RunAsync(ParseResult parse, CancellationToken ct)
    {
        ModelOptions options;
        string? noModel = null;
        try
        {
            options = CommonOptions.Bind(parse);
        }
        catch (UsageException e)
        {
            options = CommonOptions.Bind(parse, ""); // fails again unless the model is all that is missing
            noModel = e.Message;
        }

        if (!options.Quiet && noModel is null)
        {
            Console.Error.WriteLine("Measuring the disk for 1.5 seconds.");
        }

        Diagnosis d = await Diagnosis.ExamineAsync(options, noModel);
        ct.ThrowIfCancellationRequested();
        if (options.Json)
        {
            StandardOutput.WriteJson(ToReport(d), ReportJson.Default.MachineReport);
        }
        else
        {
            Console.Out.Write(Render(d));
        }

        return d.Problems.Count == 0 ? Failures.Success : Failures.Failed;
    }

    private static string Render(Diagnosis d)
    {
        StringWriter text = new(CultureInfo.InvariantCulture);
        void Line(string name, string value) => text.WriteLine($"{name,-19}{value}");
        MemoryLimits m = d.Memory;
        Line("instruction sets", d.Isa);
        Line("cores", d.Cores.Describe());
        Line("system", $"{d.System}, .NET {Environment.Version}");
        Line("memory, machine", $"{ByteSize.Format(m.MachineAvailableBytes)} available of {ByteSize.Format(m.MachineTotalBytes)}");
        Line("memory, cgroup", m.CgroupLimitBytes is { } limit
            ? $"limit {ByteSize.Format(limit)}, used {ByteSize.Format(m.CgroupUsageBytes ?? 0)} ({m.CgroupPath})"
            : "no limit");
        Line("memory, usable", ByteSize.Format(m.FreeBytes));
        Line("memory, first use", $"{ByteSize.Format((long)d.FirstUseBytesPerSecond)}/s");
        Line("garbage collector", d.GcMode);
        Line("io_uring", d.IoUring);
        Line("model", d.ModelPath ?? "none");
        if (d.IsDirect is { } direct)
        {
            Line("direct I/O", direct ? "yes" : $"no: {d.DirectFallback}");
        }

        if (d.DeviceBytesPerSecond is { } rate)
        {
            Line("disk rate", $"{ByteSize.Format((long)rate)}/s{(d.IsDirect == true ? "" : " (through the page cache)")}");
        }

        if (d.SmallestBudgetBytes is { } smallest)
        {
            Line("smallest budget", ByteSize.FormatOption(smallest));
        }

        text.WriteLine();
        foreach (string problem in d.Problems)
        {
            text.WriteLine($"missing: {problem}");
        }

        foreach (string note in d.Notes)
        {
            text.WriteLine($"note: {note}");
        }

        text.Write(d.Problems.Count + d.Notes.Count == 0 ? $"Nothing is missing.{Environment.NewLine}" : "");
        return text.ToString();
    }

    private static MachineReport ToReport(Diagnosis d) => new()
    {
        InstructionSets = d.Isa,
        Cores = d.Cores.Usable,
        PhysicalCores = d.Cores.Physical,
        FastCores = d.Cores.Fast,
        QuotaCores = d.Cores.QuotaCores,
        StartThreads = d.Cores.Start,
        System = d.System,
        Runtime = Environment.Version.ToString(),
        Memory = MachineMemoryReport.Of(d.Memory, d.FirstUseBytesPerSecond),
        GcMode = d.GcMode,
        IoUring = d.IoUring,
        Model = d.ModelPath,
        DirectIo = d.IsDirect,
        DirectIoFallback = d.DirectFallback,
        DeviceBytesPerSecond = d.DeviceBytesPerSecond,
        SmallestBudgetBytes = d.SmallestBudgetBytes,
        Missing = d.Problems,
        Notes = d.Notes,
    };
}
