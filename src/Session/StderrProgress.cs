using LayerStream.Actors.Loading;
using LayerStream.Memory;

namespace LayerStream.Session;

/// <summary>Loading progress on stderr: one line rewritten on a terminal, one line per stage otherwise. Stages may run side by side.</summary>
public sealed class StderrProgress : IProgress<LoadProgress>, IDisposable
{
    private readonly Lock _lock = new();
    private readonly bool _terminal = !Console.IsErrorRedirected;
    private readonly HashSet<string> _stages = [];
    private long _lastTicks;
    private bool _open;

    public void Report(LoadProgress value)
    {
        lock (_lock)
        {
            bool newStage = _stages.Add(value.Stage);
            bool done = value.DoneBytes >= value.TotalBytes;
            if (!newStage && (!_terminal || (!done && Environment.TickCount64 - _lastTicks < 100)))
            {
                return;
            }

            _lastTicks = Environment.TickCount64;
            if (_terminal)
            {
                Console.Error.Write($"\r{value.Stage}: {ByteSize.Format(value.DoneBytes)} of {ByteSize.Format(value.TotalBytes)}   ");
                _open = true;
            }
            else
            {
                Console.Error.WriteLine($"{value.Stage}: {ByteSize.Format(value.TotalBytes)}");
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            if (_open)
            {
                Console.Error.WriteLine();
                _open = false;
            }
        }
    }
}
