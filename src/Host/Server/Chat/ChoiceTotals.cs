using LayerStream.Actors.Run;

namespace LayerStream.Host.Server.Chat;

/// <summary>What the choices of an answer came to together.</summary>
/// <param name="count">Number of choices.</param>
/// <param name="promptChoices">Choices that share a prompt, which is counted once.</param>
internal sealed class ChoiceTotals(int count, int promptChoices)
{
    private readonly RunResult?[] _results = new RunResult?[count];
    private int _ended;

    /// <summary>Takes the end of a choice.</summary>
    /// <returns>The result of all when this was the last to end, else null.</returns>
    public RunResult? End(int choice, RunResult result)
    {
        _results[choice] = result;
        return ++_ended == count ? Together() : null;
    }

    private RunResult Together()
    {
        RunResult[] all = [.. _results.OfType<RunResult>()];
        if (all.Length == 1)
        {
            return all[0];
        }

        RunResult[] prompts = [.. all.Where((_, i) => i % promptChoices == 0)];
        return all[0] with
        {
            Ids = [.. all.SelectMany(r => r.Ids)],
            PromptTokens = prompts.Sum(r => r.PromptTokens),
            CachedTokens = prompts.Sum(r => r.CachedTokens),
            PromptSeconds = all.Max(r => r.PromptSeconds),
            DecodeSeconds = all.Max(r => r.DecodeSeconds),
            BytesStreamed = all.Sum(r => r.BytesStreamed),
        };
    }
}
