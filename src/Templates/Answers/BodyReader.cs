using System.Text;

namespace LayerStream.Templates.Answers;

/// <summary>Reads a call up to its end and only then makes sense of it: for forms that are not JSON until they are whole.</summary>
/// <param name="sink">Gets the calls.</param>
/// <param name="close">Behind the body.</param>
/// <param name="mayEndOpen">Whether a body says itself that it is whole, so that the answer may end without
/// <paramref name="close"/>.</param>
/// <param name="convert">Calls of a body, their arguments as JSON; null when it is none.</param>
internal sealed class BodyReader(CallSink sink, string close, bool mayEndOpen,
    Func<string, OfferedTools, List<(string Name, string Arguments)>?> convert) : CallReader
{
    private readonly MarkerScan _close = new([close]);
    private readonly StringBuilder _body = new();

    /// <inheritdoc/>
    public override ReadStep Take(char c) => _close.Take(c, _body) < 0 ? ReadStep.More : Convert() ? ReadStep.Done : ReadStep.Failed;

    /// <inheritdoc/>
    public override bool End()
    {
        _close.Flush(_body);
        return mayEndOpen && Convert();
    }

    private bool Convert()
    {
        if (convert(_body.ToString(), sink.Tools) is not { Count: > 0 } calls || !calls.TrueForAll(c => sink.Tools.Has(c.Name)))
        {
            return false;
        }

        foreach ((string name, string arguments) in calls)
        {
            sink.Start(name, null);
            sink.Arguments(arguments);
            sink.End();
        }

        return true;
    }
}
