using System.Diagnostics.CodeAnalysis;
using LayerStream.Host.Server.Http;

namespace LayerStream.Host.Server.Service;

/// <summary>Responses that clients may come back to: each for the key that asked for it, for an hour after it was last used, and the newest
/// as far as a quarter of the memory for requests goes.</summary>
internal sealed class StoredResponses
{
    /// <summary>How long one is kept that nobody uses.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromHours(1);

    /// <summary>Most responses.</summary>
    public const int MostResponses = 1_000;

    private const long MostBytes = 32 << 20;

    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Scope, string Id), LinkedListNode<Entry>> _byId = [];
    private readonly LinkedList<Entry> _byUse = []; // least recent first
    private RequestMemory _memory;
    private long _bytes;

    /// <summary>Keeps none yet.</summary>
    /// <param name="memory">Pays for them.</param>
    /// <param name="time">The clock; null = the system's.</param>
    public StoredResponses(RequestMemory memory, TimeProvider? time = null) => (_memory, _time) = (memory, time ?? TimeProvider.System);

    /// <summary>Most bytes of all.</summary>
    public long LimitBytes => Math.Min(MostBytes, _memory.LimitBytes / 4);

    /// <summary>Number of responses.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                Expire();
                return _byUse.Count;
            }
        }
    }

    /// <summary>From now on another account pays; the oldest for which it has no room are forgotten.</summary>
    public void MoveTo(RequestMemory memory)
    {
        lock (_lock)
        {
            _memory = memory;
            for (LinkedListNode<Entry>? node = _byUse.Last, older; node is not null; node = older)
            {
                older = node.Previous;
                if (!node.Value.Holding.TryMoveTo(memory))
                {
                    Drop(node);
                }
            }

            while (_bytes > LimitBytes && _byUse.First is { } oldest)
            {
                Drop(oldest);
            }
        }
    }

    /// <summary>Keeps a response; older ones make room for it.</summary>
    /// <returns>False when there is no room for it.</returns>
    public bool Keep(string scope, Stored response)
    {
        lock (_lock)
        {
            Expire();
            long bytes = response.Response.Length + (long)response.Items.Length;
            while (_byUse.First is { } oldest && (_bytes + bytes > LimitBytes || _byUse.Count >= MostResponses))
            {
                Drop(oldest);
            }

            RequestMemory.Holding holding = _memory.Open();
            while (_bytes + bytes > LimitBytes || !holding.TryGrow(bytes))
            {
                if (_byUse.First is not { } oldest)
                {
                    holding.Dispose();
                    return false;
                }

                Drop(oldest);
            }

            _bytes += bytes;
            _byId[(scope, response.Id)] = _byUse.AddLast(new Entry(scope, response, holding, _time.GetTimestamp()));
            return true;
        }
    }

    /// <summary>A response of a scope by its id.</summary>
    public bool TryFind(string scope, string id, [NotNullWhen(true)] out Stored? response)
    {
        lock (_lock)
        {
            Expire();
            response = null;
            if (!_byId.TryGetValue((scope, id), out LinkedListNode<Entry>? node))
            {
                return false;
            }

            _byUse.Remove(node);
            node.Value = node.Value with { Used = _time.GetTimestamp() };
            _byUse.AddLast(node);
            response = node.Value.Response;
            return true;
        }
    }

    /// <summary>Forgets a response.</summary>
    /// <returns>Whether there was one.</returns>
    public bool Remove(string scope, string id)
    {
        lock (_lock)
        {
            Expire();
            bool isThere = _byId.TryGetValue((scope, id), out LinkedListNode<Entry>? node);
            if (isThere)
            {
                Drop(node!);
            }

            return isThere;
        }
    }

    private void Expire()
    {
        while (_byUse.First is { } oldest && _time.GetElapsedTime(oldest.Value.Used) >= Life)
        {
            Drop(oldest);
        }
    }

    private void Drop(LinkedListNode<Entry> node)
    {
        Entry entry = node.Value;
        _byUse.Remove(node);
        _byId.Remove((entry.Scope, entry.Response.Id));
        _bytes -= entry.Response.Response.Length + (long)entry.Response.Items.Length;
        entry.Holding.Dispose();
    }

    /// <summary>A response as it is kept.</summary>
    /// <param name="Id">Its id.</param>
    /// <param name="Response">The response object, as JSON.</param>
    /// <param name="Items">The items in front of it, those of earlier responses too, as a JSON array.</param>
    internal sealed record Stored(string Id, byte[] Response, byte[] Items);

    private sealed record Entry(string Scope, Stored Response, RequestMemory.Holding Holding, long Used);
}
