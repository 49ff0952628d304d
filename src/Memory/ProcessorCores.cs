using System.Globalization;

namespace LayerStream.Memory;

/// <summary>The cores that this process may use, and of what kind they are (Linux: sysfs; elsewhere all count as alike).</summary>
/// <param name="Usable">Logical ones, by affinity and quota.</param>
/// <param name="Physical">Of those allowed by affinity, ones with execution units of their own: siblings count once.</param>
/// <param name="Fast">Of the physical ones, those of the fastest kind.</param>
/// <param name="QuotaCores">What control groups give; null without a limit.</param>
public sealed record ProcessorCores(int Usable, int Physical, int Fast, double? QuotaCores)
{
    // Cores of one kind differ by their best clocks, kinds by more.
    private const double SameKind = 0.8;
    private const int MostCores = 4096;

    /// <summary>Compute threads to begin with: one for each fast core, as far as the quota goes. Slower cores and siblings are worth a try
    /// later, with measured passes.</summary>
    public int Start => Math.Clamp(Fast, 1, Math.Max(1, Math.Min(Usable, WholeCores(QuotaCores) ?? int.MaxValue)));

    /// <summary>Threads that a quota feeds: what it gives, rounded up; null without one.</summary>
    public static int? WholeCores(double? quotaCores) =>
        quotaCores is { } cores ? (int)Math.Clamp(Math.Ceiling(cores), 1, MostCores) : null;

    /// <summary>Reads what holds for this process.</summary>
    public static ProcessorCores Read() => Read("/", Environment.ProcessorCount);

    /// <summary>The same with /proc and /sys looked up below another root.</summary>
    /// <param name="systemRoot">Directory that stands for "/".</param>
    /// <param name="usable">Logical cores that the runtime counts.</param>
    public static ProcessorCores Read(string systemRoot, int usable)
    {
        using ProcessorQuota quota = ProcessorQuota.Open(systemRoot);
        string cpus = Path.Combine(systemRoot, "sys/devices/system/cpu");
        HashSet<int> fastKind = [.. List(PseudoFile.Text(Path.Combine(systemRoot, "sys/devices/cpu_core/cpus")))];
        Dictionary<int, double> speeds = []; // of physical cores, by their first sibling
        foreach (int cpu in List(Allowed(systemRoot)))
        {
            string directory = Path.Combine(cpus, string.Create(CultureInfo.InvariantCulture, $"cpu{cpu}"));
            int first = List(PseudoFile.Text(Path.Combine(directory, "topology/thread_siblings_list"))).FirstOrDefault(cpu);
            speeds.TryAdd(first, fastKind.Count > 0 ? (fastKind.Contains(cpu) ? 2 : 1)
                : PseudoFile.Number(Path.Combine(directory, "cpu_capacity"))
                    ?? PseudoFile.Number(Path.Combine(directory, "cpufreq/cpuinfo_max_freq")) ?? 1);
        }

        int physical = Math.Max(1, speeds.Count > 0 ? speeds.Count : usable);
        double fastest = speeds.Values.DefaultIfEmpty(1).Max();
        int fast = speeds.Count > 0 ? speeds.Values.Count(s => s >= SameKind * fastest) : physical;
        return new ProcessorCores(usable, physical, fast, quota.Cores());
    }

    /// <summary>For people, for example "8 usable, 6 physical, 4 of them fast; a quota of 2.5; computing begins on 3".</summary>
    public string Describe() => string.Create(CultureInfo.InvariantCulture, $"{Usable} usable, {Physical} physical")
        + (Fast < Physical ? string.Create(CultureInfo.InvariantCulture, $", {Fast} of them fast") : "")
        + (QuotaCores is { } quota ? string.Create(CultureInfo.InvariantCulture, $"; a quota of {quota:0.##}") : "")
        + string.Create(CultureInfo.InvariantCulture, $"; computing begins on {Start}");

    // "Cpus_allowed_list:\t0-3" (proc(5)).
    private static string? Allowed(string systemRoot)
    {
        const string Name = "Cpus_allowed_list:";
        string? status = PseudoFile.Text(Path.Combine(systemRoot, "proc/self/status"));
        return status?.Split('\n').FirstOrDefault(line => line.StartsWith(Name, StringComparison.Ordinal))?[Name.Length..];
    }

    /// <summary>Numbers of a list such as "0-3,8" (cpuset(7), list format).</summary>
    private static IEnumerable<int> List(string? text)
    {
        foreach (string range in (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            string[] ends = range.Split('-');
            if (ends.Length is 1 or 2 && int.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out int first)
                && int.TryParse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture, out int last))
            {
                for (int i = first; i <= Math.Min(last, MostCores); i++)
                {
                    yield return i;
                }
            }
        }
    }
}
