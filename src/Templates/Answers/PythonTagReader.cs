namespace LayerStream.Templates.Answers;

/// <summary>What stands behind Llama's mark for code: a JSON call, or a Python call up to the end of the message.</summary>
internal sealed class PythonTagReader(CallSink sink) : CallReader
{
    private CallReader? _reader;

    /// <inheritdoc/>
    public override ReadStep Take(char c)
    {
        if (_reader is null && char.IsWhiteSpace(c))
        {
            return ReadStep.More;
        }

        _reader ??= c == '{' ? new JsonCallReader(sink, null)
            : new BodyReader(sink, "<|eom_id|>", true, (body, _) => PythonText.TryReadCalls(body));
        return _reader.Take(c);
    }

    /// <inheritdoc/>
    public override bool End() => _reader?.End() ?? false;
}
