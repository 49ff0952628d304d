using System.Diagnostics;
using LayerStream.Actors.Run;
using LayerStream.Actors.Tracing;
using LayerStream.Models.Decoding;
using LayerStream.Storage;

namespace LayerStream.Actors.Sweep;

/// <summary>Draws the tokens of a pass behind its head. What one sequence fails at does not touch the others.</summary>
/// <param name="reader">Whose time counts as loading.</param>
/// <param name="throwIfChanged">Called before a token leaves.</param>
internal sealed class TokenDraws(FlashReader reader, Action throwIfChanged)
{
    private ComputeSession _session = null!;
    private Func<int, Span<float>>? _logits;
    private int _firstLogit; // of the sequence that draws
    private int _passRows; // of all sequences

    internal double LoadSeconds => reader.Activity.BusySeconds;

    /// <summary>Every sequence that came to its last row draws.</summary>
    /// <param name="session">The engine.</param>
    /// <param name="active">Sequences of the pass.</param>
    /// <param name="rows">Rows of the pass when it began.</param>
    /// <param name="start">When the pass began, in Stopwatch ticks; 0 where prompts had a part in it, so that it tells nothing of
    /// drafts.</param>
    internal void Draw(ComputeSession session, List<SequenceRun> active, int rows, long start)
    {
        (_session, _passRows) = (session, rows);
        _logits ??= row => _session.Logits(_firstLogit + row);
        long begin = Stopwatch.GetTimestamp();
        int logits = 0;
        foreach (SequenceRun run in active)
        {
            if (run.Rows > 0)
            {
                run.CountPass();
                (_firstLogit, logits) = (logits, logits + run.LogitCount);
                bool draws = run.LogitCount > 0;
                int before = run.Generated.Count;
                DrawOne(run, start);
                if (draws)
                {
                    long end = Stopwatch.GetTimestamp();
                    session.Record(TraceKind.Sample, begin, session.Pass - 1, run.Generated.Count - before, run.Seat.Index + 1, end);
                    begin = end;
                }
            }

            if (run.IsCancelled && !run.HasEnded)
            {
                run.EndCancelled();
            }
        }
    }

    private void DrawOne(SequenceRun run, long start)
    {
        try
        {
            if (!run.Lead.TryEnd())
            {
                return; // it reads that beginning itself
            }

            if (run.Seat.State.Fault is { } fault)
            {
                DropGuesses(run, fault);
            }
            else if (run.IsReading)
            {
                Read(run);
            }
            else if (run.WantsLogits)
            {
                TakeOver(run, run.PickAll(_logits!, _session.Spec.Vocabulary, throwIfChanged), start);
                run.Figures.EndToken(_session, LoadSeconds, _passRows);
            }
        }
        catch (OperationCanceledException)
        {
            run.EndCancelled();
        }
        catch (Exception e)
        {
            run.Fail(e);
        }
    }

    /// <summary>A value left the range of keys and values. It may be that of a guess: the pass counts for nothing then, and is made again
    /// without any.</summary>
    private static void DropGuesses(SequenceRun run, KeyValueRangeException fault)
    {
        if (!run.HasDrafts)
        {
            throw fault;
        }

        run.Drafts.Stop();
        run.Seat.State.Restart();
    }

    /// <summary>Rows of a prompt, or of what is read again behind a wait without pages, are through the model.</summary>
    private void Read(SequenceRun run)
    {
        bool isPrompt = run.Generated.Count == 0;
        Advance(run, run.Rows);
        if (isPrompt)
        {
            run.Figures.ReadPrompt(_session, LoadSeconds);
            run.Request.OnPrompt?.Invoke(run.Done, run.Request.Prompt.Count);
        }

        if (!run.WantsLogits)
        {
            return;
        }

        if (run.Most < 1)
        {
            run.EndWithoutToken();
        }
        else
        {
            run.Pick(_session.Logits(_firstLogit), _session.Spec.Vocabulary, throwIfChanged);
        }

        if (isPrompt)
        {
            run.Figures.EndPrompt(_session, LoadSeconds);
        }
        else
        {
            run.Figures.EndToken(_session, LoadSeconds, _passRows);
        }

        run.Drafts.EndPrompt();
    }

    private void TakeOver(SequenceRun run, int right, long start)
    {
        if (run.Seat.State.Tries)
        {
            _session.TakeOver(run.Seat.Index, right);
        }

        if (start > 0)
        {
            run.Drafts.Observe(run.Rows - 1, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        Advance(run, right);
    }

    private static void Advance(SequenceRun run, int rows)
    {
        run.Seat.EndPass(run.Done, rows);
        run.Done += rows;
    }
}
