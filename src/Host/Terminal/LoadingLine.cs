using LayerStream.Actors.Loading;
using LayerStream.Memory;

namespace LayerStream.Host.Terminal;

/// <summary>Loading progress on stderr: one line rewritten on a terminal, one line per stage otherwise. Stages may run side by
/// side.</summary>
internal sealed class LoadingLine : IProgress<LoadProgress>, IDisposable
{
    private const int RewriteMillis = 100;
    private readonly Lock _lock = new();
    private readonly bool _terminal = TerminalKind.IsErrorRewritable;
    private readonly HashSet<string> _stages = [];
    private long _lastTicks;
    private bool _open;

    public void Report(LoadProgress value)
    {
        lock (_lock)
        {
            bool newStage = _stages.Add(value.Stage);
            bool done = value.DoneBytes >= value.TotalBytes;
            if (!newStage && (!_terminal || (!done && Environment.TickCount64 - _lastTicks < RewriteMillis)))
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

    /// <inheritdoc/>
    public void Dispose() => End();

    /// <summary>Ends a rewritten line, so that what follows begins a new one.</summary>
    public void End()
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
