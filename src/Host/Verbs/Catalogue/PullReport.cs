using System.Diagnostics;
using System.Globalization;
using LayerStream.Host.Pulling;
using LayerStream.Host.Terminal;
using LayerStream.Memory;
using LayerStream.Session.Catalogue;
using LayerStream.Session.Reports;

namespace LayerStream.Host.Verbs.Catalogue;

/// <summary>Shows how far a download is: a line of standard error written over on a terminal, else a line at every tenth; with --json one
/// object a second on standard output.</summary>
internal sealed class PullReport(bool isJson, bool isQuiet) : IProgress<PullProgress>, IDisposable
{
    private static readonly TimeSpan s_jsonPause = TimeSpan.FromSeconds(1);
    private readonly Lock _lock = new();
    private readonly bool _isRewritable = TerminalKind.IsErrorRewritable;
    private PullProgress? _last;
    private long _said;
    private int _width;

    public void Report(PullProgress value)
    {
        lock (_lock)
        {
            bool isNew = _last?.Stage != value.Stage || _last.File != value.File;
            if (isJson)
            {
                SayJson(value, isNew);
            }
            else if (!isQuiet)
            {
                Say(value, isNew);
            }
        }
    }

    /// <summary>Says what was got.</summary>
    public void Finish(EntryReport model)
    {
        End();
        if (isJson)
        {
            StandardOutput.WriteJson(ModelReport.Of(model) with { Status = "success" }, ReportJson.Default.ModelReport);
            return;
        }

        Console.Out.WriteLine(model.Entry.Path);
        if (!isQuiet)
        {
            Console.Error.WriteLine(model.Problem is { } problem ? $"{model.Entry.Name} cannot run here: {problem}"
                : $"It runs with: layerstream chat --model {model.Entry.Name}");
        }
    }

    /// <summary>Ends a line that was written over.</summary>
    public void End()
    {
        lock (_lock)
        {
            if (_width > 0)
            {
                Console.Error.WriteLine();
                _width = 0;
            }
        }
    }

    public void Dispose() => End();

    private void Say(PullProgress value, bool isNew)
    {
        if (_isRewritable)
        {
            if (isNew)
            {
                End();
            }

            string text = Line(value);
            Console.Error.Write($"\r{text.PadRight(_width)}");
            _width = text.Length;
        }
        else if (isNew || Tenth(value) != Tenth(_last!))
        {
            Console.Error.WriteLine(Line(value));
        }

        _last = value;
    }

    private void SayJson(PullProgress value, bool isNew)
    {
        if (!isNew && Stopwatch.GetElapsedTime(_said) < s_jsonPause)
        {
            return;
        }

        (_last, _said) = (value, Stopwatch.GetTimestamp());
        DownloadReport report = new(value.Stage.ToString().ToLowerInvariant(), value.File, value.DoneBytes, value.TotalBytes,
            (long)value.BytesPerSecond, value.SecondsLeft is { } left ? (long)Math.Ceiling(left) : null);
        StandardOutput.WriteJson(report, ReportJson.Default.DownloadReport);
    }

    private static long Tenth(PullProgress value) => 10 * value.DoneBytes / Math.Max(1, value.TotalBytes);

    private static string Line(PullProgress value)
    {
        string of = $"{value.File}: {ByteSize.Format(value.DoneBytes)} of {ByteSize.Format(value.TotalBytes)}";
        return value.Stage switch
        {
            PullStage.Done => $"{value.File}: {ByteSize.Format(value.TotalBytes)}, done",
            PullStage.Present => $"{value.File}: {ByteSize.Format(value.TotalBytes)}, is there already",
            PullStage.Checking => $"{of} checked{Rate(value)}",
            _ => of + Rate(value),
        };
    }

    private static string Rate(PullProgress value) => value.SecondsLeft is not { } left ? ""
        : string.Create(CultureInfo.InvariantCulture, $", {ByteSize.Format((long)value.BytesPerSecond)}/s, {Left(left)} left");

    private static string Left(double seconds) => seconds < 90 ? $"{Math.Ceiling(seconds):0} s"
        : seconds < 5400 ? $"{seconds / 60:0} min" : string.Create(CultureInfo.InvariantCulture, $"{seconds / 3600:0.0} h");
}
