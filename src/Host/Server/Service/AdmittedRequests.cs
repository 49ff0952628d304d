using LayerStream.Host.Server.Http;
using LayerStream.Session.Reports;

namespace LayerStream.Host.Server.Service;

/// <content>What a client sees of its requests, and how it ends one.</content>
internal sealed partial class Admission
{
    /// <summary>What a client is told whose request was cancelled by its id. Clients ask again after many a status, but not after
    /// this.</summary>
    public static ApiException Cancelled => new(410, "invalid_request_error", "this request was cancelled by its id",
        "request_cancelled");

    /// <summary>Requests of a key that are not over: those that run first, then those that wait, in their order.</summary>
    /// <param name="holder">As <see cref="Place.Holder"/>.</param>
    public IReadOnlyList<RequestReport> Requests(string? holder)
    {
        lock (_lock)
        {
            return [.. _running.OrderByDescending(p => p.RunningSeconds).Concat(_queue).Where(p => p.Holder == holder)
                .Select(p => p.Report)];
        }
    }

    /// <summary>Ends a request of a key, whether it waits or runs; its client hears of it as of an error.</summary>
    /// <param name="id">As <see cref="Place.Id"/>, with or without what an API puts in front.</param>
    /// <param name="holder">As <see cref="Place.Holder"/>.</param>
    /// <returns>Whether there is such a request.</returns>
    public bool Cancel(string id, string? holder)
    {
        Place? place;
        bool waited;
        lock (_lock)
        {
            place = _queue.Concat(_running).FirstOrDefault(p => p.Holder == holder && id.EndsWith(p.Id, StringComparison.Ordinal));
            waited = place is not null && _queue.Remove(place);
        }

        place?.Cancel();
        if (waited)
        {
            place!.Refuse(Cancelled);
        }

        return place is not null;
    }
}
