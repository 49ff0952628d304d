using System.Diagnostics;
using LayerStream.Host.Server.Http;
using LayerStream.Session.Reports;

namespace LayerStream.Host.Server.Service;

/// <content>What a request holds of it.</content>
internal sealed partial class Admission
{
    /// <summary>A place in the queue, later the turn itself, then an answer on its way out.</summary>
    internal sealed class Place(Admission owner, string? holder, string path, bool isBackground = false) : IDisposable
    {
        private readonly CancellationTokenSource _cancel = new();
        private readonly long _entered = Stopwatch.GetTimestamp();
        private readonly TaskCompletionSource _turn = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _preempted = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private long _granted;
        private bool _isSending;
        private bool _isDisposed;

        /// <summary>Names the request: what the ids of its answer end with.</summary>
        public string Id { get; } = Guid.NewGuid().ToString("N");

        /// <summary>Cancelled when somebody cancels the request by its id.</summary>
        public CancellationToken Cancelled => _cancel.Token;

        /// <summary>Names the key it came with; null without one.</summary>
        public string? Holder => holder;

        /// <summary>Completes when this request may run; fails with an <see cref="ApiException"/> when the daemon ends first.</summary>
        public Task Turn => _turn.Task;

        /// <summary>Whether it has a turn only as long as nobody else wants it, and no client that waits.</summary>
        public bool IsBackground => isBackground;

        /// <summary>Completes when the turn is wanted by another: the request is to end, and may come again.</summary>
        public Task Preempted => _preempted.Task;

        /// <summary>Whether it is.</summary>
        internal bool IsPreempted => _preempted.Task.IsCompleted;

        /// <summary>Whether the turn has gone on to another.</summary>
        public bool HasEndedTurn => _isSending || _isDisposed;

        /// <summary>Tells of the work; null = nothing has begun.</summary>
        public Func<SlotFigures>? Work { get; set; }

        /// <summary>What is being done.</summary>
        internal SlotFigures Figures => (Work?.Invoke() ?? SlotFigures.None) with { Seconds = RunningSeconds };

        /// <summary>The same for its owner.</summary>
        internal RequestReport Report
        {
            get
            {
                SlotFigures work = Work?.Invoke() ?? SlotFigures.None;
                string state = _granted == 0 ? "waiting" : work.DecodedTokens == 0 ? "reading" : "writing";
                return new RequestReport(Id, path, state, Math.Round(Stopwatch.GetElapsedTime(_entered).TotalSeconds, 3),
                    work.PromptTokens, work.ReadTokens, work.DecodedTokens, work.MostTokens);
            }
        }

        /// <summary>Seconds since the turn was given.</summary>
        internal double RunningSeconds => Stopwatch.GetElapsedTime(_granted).TotalSeconds;

        /// <summary>The engine is done with this request: the next may run while the rest of the answer is sent.</summary>
        public void EndTurn()
        {
            lock (owner._lock)
            {
                if (!_isDisposed && !_isSending && owner._running.Contains(this))
                {
                    _isSending = true;
                    owner._sending++;
                    owner.PassTurn(this);
                }
            }
        }

        /// <inheritdoc/>
        public void Dispose()
        {
            lock (owner._lock)
            {
                if (_isDisposed)
                {
                    return;
                }

                _isDisposed = true;
                owner._sending -= _isSending ? 1 : 0;
                owner._queue.Remove(this);
                owner._background.Remove(this);
                owner.PassTurn(this);
            }

            _cancel.Dispose();
        }

        internal void Grant()
        {
            _granted = Stopwatch.GetTimestamp();
            _turn.TrySetResult();
        }

        internal void Preempt() => _preempted.TrySetResult();

        // Outside of the lock: what is cancelled comes back for it.
        internal void Cancel()
        {
            try
            {
                _cancel.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // It has just ended by itself.
            }
        }

        internal void Refuse(ApiException reason)
        {
            _turn.TrySetException(reason);
            _ = _turn.Task.Exception; // nobody may be waiting
        }
    }
}
