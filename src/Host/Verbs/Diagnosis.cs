using System.Globalization;
using System.Runtime;
using System.Runtime.InteropServices;
using LayerStream.Formats;
using LayerStream.Host.Terminal;
using LayerStream.Memory;
using LayerStream.Models.Building;
using LayerStream.Session;
using LayerStream.Storage;

namespace LayerStream.Host.Verbs;

/// <summary>What the doctor found.</summary>
internal sealed class Diagnosis
{
    private readonly List<string> _problems = [];
    private readonly List<string> _notes = [];

    private Diagnosis()
    {
    }

    /// <summary>Instruction sets the kernels use.</summary>
    public string Isa { get; } = Kernels.Isa.Describe();

    /// <summary>Cores this process may use.</summary>
    public ProcessorCores Cores { get; } = ProcessorCores.Read();

    /// <summary>Operating system and architecture; on Linux with the kernel.</summary>
    public string System { get; } =
        $"{RuntimeInformation.OSDescription} {RuntimeInformation.OSArchitecture}, kernel {Environment.OSVersion.Version}";

    /// <summary>Memory limits of machine and control group.</summary>
    public MemoryLimits Memory { get; } = MemoryLimits.Read();

    /// <summary>Mode of the garbage collector.</summary>
    public string GcMode { get; } = $"{(GCSettings.IsServerGC ? "server" : "workstation")}, "
        + $"{(GCSettings.LatencyMode == GCLatencyMode.Batch ? "not concurrent" : "concurrent")}";

    /// <summary>Whether the kernel lets this process use io_uring.</summary>
    public string IoUring { get; } = DescribeIoUring();

    /// <summary>The model examined; null when there is none.</summary>
    public string? ModelPath { get; private set; }

    /// <summary>Reads bypass the page cache; null when unknown.</summary>
    public bool? IsDirect { get; private set; }

    /// <summary>Why they do not.</summary>
    public string? DirectFallback { get; private set; }

    /// <summary>Measured rate; null when not measured.</summary>
    public double? DeviceBytesPerSecond { get; private set; }

    /// <summary>Memory used for the first time, in bytes per second.</summary>
    public double FirstUseBytesPerSecond { get; private set; }

    /// <summary>Smallest budget that runs the model; null when unknown.</summary>
    public long? SmallestBudgetBytes { get; private set; }

    /// <summary>What keeps the model from running.</summary>
    public IReadOnlyList<string> Problems => _problems;

    /// <summary>What makes it slower than it could be.</summary>
    public IReadOnlyList<string> Notes => _notes;

    /// <summary>Examines the machine and the model, if there is one.</summary>
    /// <param name="options">Bound options.</param>
    /// <param name="noModel">Why there is no model; null when the options name one.</param>
    public static async Task<Diagnosis> ExamineAsync(ModelOptions options, string? noModel)
    {
        Diagnosis d = new();
        if (noModel is not null)
        {
            d._problems.Add(noModel);
        }
        else
        {
            d.ModelPath = options.ModelPath;
            IReadOnlyList<string> files = d.ExamineModel(options);
            d.ExamineDevice(files);
        }

        d.FirstUseBytesPerSecond = await FirstUse.MeasureBytesPerSecondAsync(new BudgetAccount("probe of first use",
            d.Memory.FreeBytes / 4));
        if (d.FirstUseBytesPerSecond < FirstUse.Slow)
        {
            d._notes.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"Memory used for the first time comes at {d.FirstUseBytesPerSecond / 1e9:F2} GB/s, as in a virtual machine whose host "
                    + $"takes free memory back: loading takes that long for each GB of the budget."));
        }

        if (!Kernels.Isa.Avx2 && !Kernels.Isa.AdvSimd)
        {
            d._notes.Add("None of AVX2, AVX-512 and AdvSimd: the kernels run scalar code.");
        }

        if (d.Cores.QuotaCores < d.Cores.Physical)
        {
            d._notes.Add(string.Create(CultureInfo.InvariantCulture,
                $"A control group gives {d.Cores.QuotaCores:0.##} of the {d.Cores.Physical} cores: computing is slower in proportion."));
        }

        if (GCSettings.IsServerGC)
        {
            d._notes.Add("The server garbage collector takes more memory; unset DOTNET_gcServer.");
        }

        return d;
    }

    private IReadOnlyList<string> ExamineModel(ModelOptions options)
    {
        IReadOnlyList<string> files = [options.ModelPath];
        try
        {
            ModelFile file = ModelFile.Open(options.ModelPath);
            files = file.Files;
            if (file.TokenizerGap is { } gap)
            {
                _notes.Add($"No usable tokenizer ({gap}): only token ids can be given.");
            }

            SmallestBudgetBytes = file.Plan(options, new TerminalNotices(options)).Plan.SmallestBudgetBytes;
        }
        catch (BudgetTooSmallException e)
        {
            SmallestBudgetBytes = e.SmallestBudgetBytes;
            _problems.Add($"The memory budget of {ByteSize.Format(e.Sheet.BudgetBytes)} is too small; --memory-budget "
                + $"{ByteSize.FormatOption(e.SmallestBudgetBytes)} is the smallest.");
        }
        catch (Exception e) when (e is ModelFormatException or UnsupportedModelException or IOException or UnauthorizedAccessException)
        {
            _problems.Add(Failures.Describe(e));
        }

        return files;
    }

    private void ExamineDevice(IReadOnlyList<string> files)
    {
        if (!files.All(File.Exists))
        {
            return; // reported with the model
        }

        try
        {
            using FlashDevice device = FlashDevice.Open(files);
            IsDirect = device.IsDirect;
            DirectFallback = device.FallbackReason;
            if (device.FallbackReason is { } reason)
            {
                _notes.Add($"Reads pass through the page cache: {reason}. Another file system may do better.");
            }

            DeviceBytesPerSecond = DeviceProbe.MeasureBytesPerSecond(device, TimeSpan.FromSeconds(1.5),
                new BudgetAccount("device probe", 16 << 20));
        }
        catch (FlashReadException e)
        {
            _problems.Add(Failures.Describe(e));
        }
    }

    private static string DescribeIoUring()
    {
        if (!OperatingSystem.IsLinux())
        {
            return "not on this system";
        }

        Version kernel = Environment.OSVersion.Version;
        if (kernel < new Version(5, 1))
        {
            return $"no: kernel {kernel} is older than 5.1";
        }

        try
        {
            return File.ReadAllText("/proc/sys/kernel/io_uring_disabled").Trim() switch
            {
                "0" => "allowed by the kernel",
                "1" => "only for privileged processes (kernel.io_uring_disabled = 1)",
                "2" => "disabled (kernel.io_uring_disabled = 2)",
                string other => $"unknown (kernel.io_uring_disabled = {other})",
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"probably: kernel {kernel} has no switch for it";
        }
    }
}
