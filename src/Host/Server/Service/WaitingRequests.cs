using LayerStream.Session.Catalogue;

namespace LayerStream.Host.Server.Service;

/// <summary>Requests that wait for models, in the order in which they came. For one thread at a time.</summary>
internal sealed class WaitingRequests
{
    private readonly List<WaitingRequest> _all = [];

    /// <summary>How many wait.</summary>
    public int Count => _all.Count;

    /// <summary>The model that has been waited for longest, or null.</summary>
    public ServableModel? First => _all.Count == 0 ? null : _all[0].Target;

    /// <summary>One more.</summary>
    public void Add(WaitingRequest request) => _all.Add(request);

    /// <summary>One that has left.</summary>
    public void Remove(WaitingRequest request) => _all.Remove(request);

    /// <summary>Gives those who wait for a loaded model their holds.</summary>
    public void Grant(ServableModel loaded, ServedModel served)
    {
        foreach (WaitingRequest request in Take(loaded))
        {
            request.Grant(served.TryHold() ?? throw new InvalidOperationException("A model that was just loaded is closed."));
        }
    }

    /// <summary>Refuses those who wait for a model; null = everybody.</summary>
    public void Refuse(ServableModel? model, Exception reason) => Take(model).ForEach(r => r.Refuse(reason));

    private List<WaitingRequest> Take(ServableModel? model)
    {
        List<WaitingRequest> taken = _all.FindAll(r => model is null || r.Target.Is(model));
        _all.RemoveAll(taken.Contains);
        return taken;
    }
}
