using System.Globalization;
using System.IO.Compression;
using System.Runtime.InteropServices;

namespace LayerStream.Formats.Routes;

/// <summary>
/// Reads route traces: gzip or plain text; '#' lines tell the model, one column line, then a line per routed expert:
/// turn, phase, step, layer, slot, expert, weight, residency, expert_bytes. The last two tell of the run that recorded it and are not kept.
/// A prompt may be recorded layer after layer for many tokens; the trace that is given back has token after token.
/// </summary>
public sealed class RouteTraceReader
{
    private const int MostLayers = 4096;
    private const int MostExperts = 65_536;

    private readonly string _source;
    private readonly List<(long ExpertBytes, long DenseBytes)> _layers = [];
    private readonly List<int> _experts = [];
    private readonly List<float> _weights = [];
    private readonly List<(RouteTouch Touch, int Line)> _touches = [];
    private string? _model;
    private string _architecture = "";
    private int _layerCount;
    private int _expertCount;
    private int _routed;
    private RouteTrace? _trace;
    private int _line;

    private RouteTraceReader(string source) => _source = source;

    /// <summary>Reads a file.</summary>
    /// <exception cref="RouteTraceException">Not a route trace, or broken; it names the line.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static RouteTrace Load(string path)
    {
        using FileStream file = File.OpenRead(path);
        return Read(file, Path.GetFileName(path));
    }

    /// <summary>Reads a stream that can seek.</summary>
    /// <exception cref="RouteTraceException">As above.</exception>
    public static RouteTrace Read(Stream stream, string source)
    {
        bool zipped = stream.ReadByte() == 0x1F && stream.ReadByte() == 0x8B;
        stream.Position = 0;
        RouteTraceReader reader = new(source);
        using Stream plain = zipped ? new GZipStream(stream, CompressionMode.Decompress, leaveOpen: true) : stream;
        using StreamReader text = new(plain);
        try
        {
            while (text.ReadLine() is { } line)
            {
                reader._line++;
                reader.Take(line);
            }
        }
        catch (InvalidDataException e)
        {
            throw new RouteTraceException(source, reader._line + 1, $"the compressed data ends or is broken here ({e.Message})");
        }

        return reader.Finish();
    }

    private void Take(string line)
    {
        if (_line == 1 && line.TrimEnd() != "# route_trace v1")
        {
            throw Wrong("this is not a route trace: its first line is not '# route_trace v1'");
        }

        if (line.StartsWith('#'))
        {
            Header(line);
        }
        else if (line.StartsWith("turn,", StringComparison.Ordinal))
        {
            Columns(line);
        }
        else if (line.Length > 0)
        {
            Row(line);
        }
    }

    private void Header(string line)
    {
        if (_trace is not null)
        {
            return; // a remark
        }

        if (line.StartsWith("# model=", StringComparison.Ordinal))
        {
            int end = line.LastIndexOf(" arch=", StringComparison.Ordinal);
            _model = Path.GetFileName(line[8..(end < 0 ? line.Length : end)]);
            _architecture = Value(line, "arch");
            _layerCount = Whole(Value(line, "n_layer"), "n_layer", 1, MostLayers);
            _expertCount = Whole(Value(line, "n_expert"), "n_expert", 1, MostExperts);
            _routed = Whole(Value(line, "n_expert_used"), "n_expert_used", 1, _expertCount);
        }
        else if (line.StartsWith("# layer=", StringComparison.Ordinal))
        {
            int layer = Whole(Value(line, "layer"), "layer", 0, MostLayers);
            if (layer != _layers.Count)
            {
                throw Wrong($"layer {_layers.Count} is expected here, not {layer}");
            }

            _layers.Add((Bytes(Value(line, "expert_bytes"), "expert_bytes"), Bytes(Value(line, "dense_bytes"), "dense_bytes")));
        }
    }

    private void Columns(string line)
    {
        if (line.TrimEnd() != RouteTraceWriter.Columns)
        {
            throw Wrong($"the columns are not {RouteTraceWriter.Columns}");
        }

        if (_model is null || _layers.Count != _layerCount)
        {
            throw Wrong(_model is null ? "no '# model=' line before the columns"
                : $"{_layers.Count} of {_layerCount} layers are described before the columns");
        }

        _trace = new RouteTrace(new RouteHeader(
            _model, _architecture, _expertCount, _routed, [.. _layers.Select(l => l.ExpertBytes)], [.. _layers.Select(l => l.DenseBytes)]));
    }

    private void Row(string line)
    {
        if (_trace is null)
        {
            throw Wrong("a routing before the column line");
        }

        Span<Range> fields = stackalloc Range[10];
        ReadOnlySpan<char> text = line.AsSpan().TrimEnd();
        if (text.Split(fields, ',') != 9)
        {
            throw Wrong("a routing has 9 fields");
        }

        (int Turn, int Phase, int Step, int Layer) key = (
            Whole(text[fields[0]], "turn", 0, int.MaxValue), Whole(text[fields[1]], "phase", 0, int.MaxValue),
            Whole(text[fields[2]], "step", 0, int.MaxValue), Whole(text[fields[3]], "layer", 0, _layerCount - 1));
        int slot = Whole(text[fields[4]], "slot", 0, _expertCount - 1);
        if (slot == 0)
        {
            _touches.Add((new RouteTouch(0, key.Turn, key.Phase, key.Step, key.Layer, _experts.Count, 0), _line));
        }

        if (_touches.Count == 0 || slot != _touches[^1].Touch.Count || key != KeyOf(_touches[^1].Touch))
        {
            throw Wrong($"slot {slot} does not continue the routing before it");
        }

        _touches[^1] = (_touches[^1].Touch with { Count = slot + 1 }, _touches[^1].Line);
        _experts.Add(Whole(text[fields[5]], "expert", 0, _expertCount - 1));
        _weights.Add(float.TryParse(text[fields[6]], NumberStyles.Float, CultureInfo.InvariantCulture, out float w) && float.IsFinite(w)
            ? w
            : throw Wrong($"weight '{text[fields[6]]}' is not a number"));
    }

    private RouteTrace Finish()
    {
        if (_trace is null || _touches.Count == 0)
        {
            throw new RouteTraceException(_source, 0, "there is no routing in it");
        }

        ReadOnlySpan<int> experts = CollectionsMarshal.AsSpan(_experts);
        ReadOnlySpan<float> weights = CollectionsMarshal.AsSpan(_weights);
        int token = -1;
        (int, int, int) last = default;
        foreach ((RouteTouch touch, int line) in _touches.OrderBy(t => KeyOf(t.Touch)))
        {
            (int, int, int) key = (touch.Turn, touch.Phase, touch.Step);
            token += token < 0 || key != last ? 1 : 0;
            last = key;
            try
            {
                _trace.Add(
                    token, touch.Turn, touch.Phase, touch.Step, touch.Layer, experts.Slice(touch.Begin, touch.Count),
                        weights.Slice(touch.Begin, touch.Count));
            }
            catch (ArgumentException e)
            {
                throw new RouteTraceException(_source, line, e.Message);
            }
        }

        return _trace;
    }

    private static (int Turn, int Phase, int Step, int Layer) KeyOf(in RouteTouch touch) =>
        (touch.Turn, touch.Phase, touch.Step, touch.Layer);

    private static string Value(string line, string name)
    {
        int at = line.IndexOf(name + "=", StringComparison.Ordinal);
        if (at < 0)
        {
            return "";
        }

        at += name.Length + 1;
        int end = line.IndexOf(' ', at);
        return line[at..(end < 0 ? line.Length : end)];
    }

    private int Whole(ReadOnlySpan<char> text, string name, int least, int most) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int v) && v >= least && v <= most
            ? v
            : throw Wrong($"{name} is '{text}', not a whole number from {least} to {most}");

    private long Bytes(ReadOnlySpan<char> text, string name) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long v)
            && v < 1L << 48 ? v : throw Wrong($"{name} is '{text}', not a number of bytes");

    private RouteTraceException Wrong(string message) => new(_source, _line, message);
}
