using System.Text.Json;
using LayerStream.Sampling;
using LayerStream.Sampling.Grammars;
using LayerStream.Session;
using LayerStream.Session.Calls;
using LayerStream.Templates.Answers;

namespace LayerStream.Host.Server.Chat;

/// <summary>A chat completion request after its checks.</summary>
internal class ChatRequest : IDisposable
{
    /// <summary>Most answers to one request.</summary>
    public const int MostChoices = 32;

    /// <summary>The effort of no thought.</summary>
    public const string NoEffort = "none";

    private const long SeedStep = unchecked((long)0x9E3779B97F4A7C15);

    /// <summary>Trees of its members.</summary>
    public List<JsonDocument> Trees { get; } = [];

    /// <summary>The messages as sent, checked.</summary>
    public JsonElement Messages { get; set; }

    /// <summary>Further variables of the chat template.</summary>
    public IReadOnlyDictionary<string, JsonElement> TemplateVariables { get; set; } = new Dictionary<string, JsonElement>();

    /// <summary>Model named by the client, or null.</summary>
    public string? Model { get; set; }

    /// <summary>Sampling: the server's defaults with the request's changes.</summary>
    public SamplingOptions Sampling { get; set; } = new();

    /// <summary>Most tokens to generate; null = what the context holds.</summary>
    public int? MaxTokens { get; set; }

    /// <summary>The member that said so; null = none has.</summary>
    public string? LimitName { get; set; }

    /// <summary>Texts that end the answer.</summary>
    public IReadOnlyList<string> Stop { get; set; } = [];

    /// <summary>What the answer must be a text of, or null.</summary>
    public Grammar? Grammar { get; set; }

    /// <summary>The thought before the answer, which the grammar leaves alone; null = there is none.</summary>
    public AnswerThought? Thought { get; set; }

    /// <summary>Whether to report each token's log-probability.</summary>
    public bool LogProbs { get; set; }

    /// <summary>Alternatives to report with it; null = not said.</summary>
    public int? TopLogProbs { get; set; }

    /// <summary>Whether to answer with server-sent events.</summary>
    public bool Stream { get; set; }

    /// <summary>Whether a stream ends with the usage; null = not said.</summary>
    public bool? IncludeUsage { get; set; }

    /// <summary>Whether a stream reports how far the prompt has been read.</summary>
    public bool ReturnProgress { get; set; }

    /// <summary>Whether the model's end tokens do not count.</summary>
    public bool IgnoreEos { get; set; }

    /// <summary>Bytes of the members that trees were made of, and a share for every value in them.</summary>
    public long TextBytes { get; set; }

    /// <summary>Tools that may be called.</summary>
    public OfferedTools Tools { get; set; } = OfferedTools.None;

    /// <summary>The same as they were sent, for the template.</summary>
    public IReadOnlyList<JsonElement> ToolList { get; set; } = [];

    /// <summary>The same as grammars take them.</summary>
    public List<CallableTool> CallableTools { get; } = [];

    /// <summary>Whether an answer may hold more calls than one.</summary>
    public bool AllowsSeveralCalls { get; set; } = true;

    /// <summary>Tools whose arguments are held to their form and not to their schema.</summary>
    public ISet<string> LooseTools { get; set; } = new HashSet<string>();

    /// <summary>Whether calls are held to a grammar.</summary>
    public bool HoldsCalls => CallableTools.Count > 0
        && (ToolChoice is ToolDemand.Required or ToolDemand.Named || !AllowsSeveralCalls || CallableTools.Exists(t => t.IsStrict)
            || Grammar is not null);

    /// <summary>Answers to make.</summary>
    public int Choices { get; set; } = 1;

    /// <summary>Types of tools that were left out.</summary>
    public List<string> SkippedTools { get; } = [];

    /// <summary>Whether calls are forbidden or demanded.</summary>
    public ToolDemand ToolChoice { get; set; }

    /// <summary>The one tool that must be called, or empty.</summary>
    public string DemandedTool { get; set; } = "";

    /// <summary>Names of those tools that may be called; null = all of them.</summary>
    public IReadOnlySet<string>? AllowedTools { get; set; }

    /// <summary>How much to think, as the client says it; null = not said.</summary>
    public string? ReasoningEffort { get; set; }

    /// <summary>Whether to think; null = not said.</summary>
    public bool? Thinks { get; set; }

    /// <summary>Whether there shall be no thought.</summary>
    public bool ForbidsThought => ReasoningEffort == NoEffort || ThoughtTokens == 0 || Thinks == false;

    /// <summary>Most tokens of the thought; null = not said.</summary>
    public int? ThoughtTokens { get; set; }

    /// <summary>The same as the sampler takes it; null = there is no thought, or no bound.</summary>
    public ThoughtBudget? ThoughtBudget { get; set; }

    /// <summary>Whether the prompt ends with the opening of an answer; null = not said.</summary>
    public bool? OpensAnswer { get; set; }

    /// <summary>Whether the answer goes on inside the last message.</summary>
    public bool ContinuesFinal { get; set; }

    /// <summary>Gives up the trees; messages and variables are gone.</summary>
    public virtual void Dispose()
    {
        Messages = default;
        ToolList = [];
        CallableTools.Clear();
        TemplateVariables = new Dictionary<string, JsonElement>();
        Trees.ForEach(t => t.Dispose());
        Trees.Clear();
    }

    /// <summary>The generation that answers it.</summary>
    /// <param name="prompt">Its prompt.</param>
    /// <param name="choice">Number of the answer; the first has the seed that was given, the others have seeds made of it.</param>
    /// <param name="marks">Control tokens that belong to the answer's form.</param>
    /// <param name="defaults">What the server was started with; its texts to stop at hold where the request names none.</param>
    public GenerationRequest ToGeneration(int[] prompt, ModelOptions defaults, IReadOnlySet<int>? marks = null, int choice = 0) => new()
    {
        Prompt = prompt,
        MaxTokens = MaxTokens ?? int.MaxValue,
        Sampling = Sampling with { Seed = Sampling.Seed is { } seed ? unchecked(seed + (choice * SeedStep)) : null },
        Stop = Stop.Count > 0 ? Stop : defaults.Stop,
        IgnoreEos = IgnoreEos,
        ReportsPrompt = ReturnProgress && choice == 0,
        Grammar = Grammar,
        Thought = Thought,
        ThoughtBudget = ThoughtBudget,
        VisibleTokens = marks,
    };
}
