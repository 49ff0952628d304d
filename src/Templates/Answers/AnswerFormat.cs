namespace LayerStream.Templates.Answers;

/// <summary>How a family of models writes thoughts and tool calls.</summary>
public sealed record AnswerFormat
{
    internal AnswerFormat(string name) => Name = name;

    /// <summary>The family.</summary>
    public string Name { get; }

    /// <summary>Marks of this format: tokens that are hidden from users must be shown to the parser.</summary>
    public IEnumerable<string> Marks => [.. Calls.Select(c => c.Open), .. SectionOpens, .. SectionCloses, .. Dropped, Thought.Open,
        Thought.Close, .. InnerMarks];

    /// <summary>How it marks thoughts.</summary>
    public ThoughtMarks Thought { get; init; } = ThoughtMarks.Usual;

    /// <summary>Whether the model brings a format of its own for calls.</summary>
    public bool HasOwnCalls { get; init; } = true;

    /// <summary>Whether answers are harmony messages with channels.</summary>
    public bool IsHarmony { get; init; }

    /// <summary>How many letters and digits an id must have; 0 = any.</summary>
    public int IdLength { get; init; }

    internal IReadOnlyList<(string Open, Func<CallSink, CallReader> Read)> Calls { get; init; } = [];

    internal IReadOnlyList<string> SectionOpens { get; init; } = [];

    internal IReadOnlyList<string> SectionCloses { get; init; } = [];

    internal IReadOnlyList<string> Dropped { get; init; } = [];

    internal IReadOnlyList<string> InnerMarks { get; init; } = [];

    // The whole answer may be a call that begins with a brace.
    internal bool BareJson { get; init; }

    // The prompt has already written the opening of a call, or of text.
    internal string? OpensWith { get; init; }

    /// <summary>Every family's format.</summary>
    public static IReadOnlyList<AnswerFormat> All => FormatTable.All;

    /// <summary>The format of a chat template, recognised by its source; null = no template.</summary>
    public static AnswerFormat For(string? template) => FormatTable.Find(template ?? "");

    /// <summary>The beginning of an answer that is a call.</summary>
    /// <param name="tool">The tool to call; null = any.</param>
    /// <returns>Null when a call of this form cannot be begun for the model.</returns>
    public string? BeginCall(string? tool) => CallForm?.Begin(tool);

    /// <summary>How calls are written, for grammars; null = this form cannot be held to a grammar.</summary>
    public CallForm? CallForm { get; init; }

    /// <summary>Marks that tell in a text that a call comes. The first of them is what a call in <see cref="CallForm"/> begins
    /// with.</summary>
    public IReadOnlyList<string> CallSigns => CallForm?.Sign is { } sign ? [sign]
        : [.. Calls.Select(c => c.Open).Concat(SectionOpens).OrderBy(PlaceInCall)];

    private int PlaceInCall(string mark)
    {
        int at = (CallForm?.Opening + CallForm?.CallOpen).IndexOf(mark, StringComparison.Ordinal);
        return at < 0 ? int.MaxValue : at;
    }

    /// <summary>Whether an answer that begins with a brace is a call.</summary>
    public bool IsBareJson => BareJson;

    /// <summary>Whether a prompt ends inside a thought.</summary>
    public bool OpensThought(string prompt)
    {
        ReadOnlySpan<char> end = prompt.AsSpan().TrimEnd();
        return end.EndsWith(Thought.Open.AsSpan().TrimEnd(), StringComparison.Ordinal);
    }
}
