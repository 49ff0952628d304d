namespace LayerStream.Actors.Stages;

/// <summary>Adds up the time in which nothing has moved. Pure: it is told the time, and time that the process slept through does not
/// count.</summary>
internal sealed class StallClock(TimeSpan period)
{
    private long _seen = long.MinValue;

    /// <summary>How long nothing has moved, as far as anyone was awake to see it.</summary>
    internal TimeSpan Idle { get; private set; }

    /// <param name="movement">Any number that changes when something moves.</param>
    /// <param name="isBusy">Disk or crew are at work, however long that takes.</param>
    /// <param name="sinceLast">Time since the last look; of it, at most two periods count.</param>
    internal void Observe(long movement, bool isBusy, TimeSpan sinceLast)
    {
        bool hasMoved = movement != _seen || isBusy;
        _seen = movement;
        Idle = hasMoved ? TimeSpan.Zero : Idle + (sinceLast < 2 * period ? sinceLast : 2 * period);
    }
}
