using System.Globalization;
using LayerStream.Session;
using LayerStream.Session.Scoring;

namespace LayerStream.Host.Tests.Session;

/// <summary>Closed questions on the shipped model: side by side as one by one, and what is wrong with a line is said.</summary>
public sealed class ScorerTests
{
    private const string Beginning =
        "Decide whether the sentence is about food or about travel. Answer with one word only, food or travel, "
        + "and nothing else. Take care: some sentences name both.\nSentence: ";

    private static readonly string[] s_sentences =
        ["The soup was too salty.", "We missed the last train.", "They serve bread with every meal.", "The plane was late."];

    [Fact]
    public async Task Questions_SideBySide_HaveTheFiguresOfEachAlone()
    {
        await using LoadedModel model = await OpenAsync(sequences: 3);
        Question[] questions = [.. s_sentences.Select(s => Ask(model, s))];
        QuestionScore[] together = await Scorer.ScoreAsync(model, questions, null, CancellationToken.None);
        int shared = Scorer.SharedTokens(questions);
        Assert.True(shared > 32, shared.ToString(CultureInfo.InvariantCulture));
        for (int i = 0; i < questions.Length; i++)
        {
            QuestionScore alone = (await Scorer.ScoreAsync(model, [questions[i]], null, CancellationToken.None))[0];
            Assert.Equal(alone.LogProbabilities, together[i].LogProbabilities);
            Assert.Equal(0, alone.CachedTokens);
            Assert.InRange(together[i].CachedTokens, shared, questions[i].Prompt.Count - 1); // two may share more
            Assert.Equal(1, together[i].Probabilities.Sum(), 1e-12);
            Assert.All(together[i].LogProbabilities, p => Assert.InRange(p, -100, 0));
        }

        // What a generation says of the same row.
        Reply reply = await Generation.AnswerAsync(model, new GenerationRequest
        {
            Prompt = questions[0].Prompt,
            MaxTokens = 1,
            Sampling = new() { Temperature = 0, LogProbabilities = 20 },
        }, null, CancellationToken.None);
        foreach (Sampling.LogProbability top in reply.LogProbabilities[0].Top)
        {
            int choice = questions[0].FirstTokens.ToList().IndexOf(top.Id);
            Assert.True(choice < 0 || Math.Abs(together[0].LogProbabilities[choice] - top.Value) < 1e-5);
        }
    }

    /// <summary>Beginnings around a full page: read in the pass of the first questions, or in one of its own.</summary>
    [Theory]
    [InlineData(127, 2)]
    [InlineData(128, 1)]
    [InlineData(130, 1)]
    [InlineData(180, 2)]
    public async Task Beginning_OfAFullPage_IsReadInThePassOfTheFirstQuestions(int shared, int passes)
    {
        await using LoadedModel model = await OpenAsync(sequences: 8);
        Random random = new(shared);
        int[] beginning = [.. Enumerable.Range(0, shared).Select(_ => random.Next(1000, 40000))];
        Question[] questions = [.. Enumerable.Range(0, 8).Select(i => Question.Of(model.RequireTokenizer(),
            [.. beginning, 2000 + i, .. Enumerable.Range(0, 1 + random.Next(9)).Select(_ => random.Next(1000, 40000))],
            [" food", " travel"]))];
        Assert.Equal(shared, Scorer.SharedTokens(questions));
        QuestionScore[] together = [];
        long took = long.MaxValue;
        for (int tries = 0; tries < 5 && took > passes + 1; tries++) // where this thread lost its core, passes began before all had come
        {
            long before = model.Engine.Status().Passes;
            together = await Scorer.ScoreAsync(model, questions, null, CancellationToken.None);
            took = model.Engine.Status().Passes - before;
        }

        Assert.InRange(took, passes, passes + 1); // the first may begin before the others have come
        for (int i = 0; i < questions.Length; i++)
        {
            QuestionScore alone = (await Scorer.ScoreAsync(model, [questions[i]], null, CancellationToken.None))[0];
            Assert.Equal(alone.LogProbabilities, together[i].LogProbabilities);
        }
    }

    [Fact]
    public async Task Cancel_DuringScores_EndsAllOfThem()
    {
        await using LoadedModel model = await OpenAsync(sequences: 2);
        using CancellationTokenSource cancel = new();
        Task<QuestionScore[]> scoring = Scorer.ScoreAsync(
            model, [.. Enumerable.Range(0, 64).Select(i => Ask(model, $"{i} {s_sentences[i % 4]}"))], null, cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => scoring);
        Assert.Single(await Scorer.ScoreAsync(model, [Ask(model, s_sentences[0])], null, CancellationToken.None));
    }

    [Fact]
    public async Task Lines_WithFaults_AreNamedAndTheOthersRead()
    {
        await using LoadedModel model = await OpenAsync(sequences: 1);
        string lines = """
            {"id": 7, "prompt": "Yes or no?", "choices": [" yes", " no"]}

            {"prompt": "Yes or no?", "choices": [" yes"]}
            {"id": "x", "prompt": "Yes or no?", "choices": [" yes", " yesterday", " yes"]}
            {"prompt": "a", "messages": [], "choices": ["a", "b"]}
            not JSON
            {"messages": [{"role": "user", "content": "Yes or no?"}], "choices": ["Yes", "No"]}
            """;
        QuestionReader reader = new(new StringReader(lines), model.RequireTokenizer(), model.Template, false);
        IReadOnlyList<QuestionEntry> entries = [.. reader.Read(2, 1000), .. reader.Read(99, 1000)];
        Assert.Equal([1, 3, 4, 5, 6, 7], entries.Select(e => e.Line));
        Assert.Equal([true, false, false, false, false, true], entries.Select(e => e.Question is not null));
        Assert.Contains("line 4: The choices ' yes' and ' yes' begin with the same token", entries[2].Error, StringComparison.Ordinal);
        Assert.Equal("x", entries[2].Id!.Value.GetString());
        Assert.Contains("either a prompt or messages", entries[3].Error, StringComparison.Ordinal);
        Assert.Empty(reader.Read(1, 1000));
    }

    private static Question Ask(LoadedModel model, string sentence) => Question.Of(model.RequireTokenizer(),
        model.RequireTokenizer().Encode($"{Beginning}{sentence}\nAnswer:", addSpecial: true, parseSpecial: false), [" food", " travel"]);

    private static Task<LoadedModel> OpenAsync(int sequences) => LoadedModel.OpenAsync(
        new ModelOptions
        {
            ModelPath = ShippedModel.Path,
            Sequences = sequences,
            Context = 256,
            BudgetBytes = 300L << 20,
            LimitsHeap = false,
        },
        new Progress<SessionNotice>(), CancellationToken.None);
}
