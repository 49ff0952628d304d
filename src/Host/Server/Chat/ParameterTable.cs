using System.Text.Json;
using LayerStream.Host.Server.Http;

namespace LayerStream.Host.Server.Chat;

/// <summary>Reads a body member by member, each as its row says.</summary>
internal sealed class ParameterTable(IReadOnlyList<Parameter> rows)
{
    private const int BytesPerToken = 16; // of a value in the template's variables, on top of its text; times what rendering takes per byte

    private readonly Dictionary<string, Parameter> _byName = rows.ToDictionary(r => r.Name, StringComparer.Ordinal);

    /// <summary>Members without effect.</summary>
    public static IEnumerable<Parameter> Hints(params string[] names) =>
        names.Select(n => new Parameter(n, ParameterUse.Hint, "without effect here"));

    /// <summary>Members that would change the answer.</summary>
    public static IEnumerable<Parameter> Refusals(params string[] names) => names.Select(n => Refusal(n, NeutralValues.Usual));

    /// <summary>A member that would change the answer, but for some values.</summary>
    public static Parameter Refusal(string name, NeutralValues neutral) =>
        new(name, ParameterUse.Refused, "would change the answer" + neutral.Note, Neutral: neutral);

    /// <summary>Fills a request. Trees are made only of honoured members, and paid for before.</summary>
    /// <param name="request">The request; gives up its trees when this fails.</param>
    /// <param name="body">The body.</param>
    /// <param name="memory">Pays for the trees.</param>
    /// <param name="check">Checks what members mean together; gets the names of those that were given.</param>
    /// <exception cref="ApiException">400: not an object, a member unknown, refused, doubled or out of range; 413 or 429: its tree does
    /// not fit.</exception>
    public void Read(ChatRequest request, ReadOnlyMemory<byte> body, RequestMemory.Holding memory, Action<IReadOnlySet<string>> check)
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        try
        {
            BodyMember.ReadAll(body, member => Take(request, member, seen, memory));
            check(seen);
        }
        catch
        {
            request.Dispose();
            throw;
        }

        request.Sampling = request.Sampling with { LogProbabilities = request.LogProbs ? request.TopLogProbs ?? 0 : null };
    }

    private void Take(ChatRequest request, BodyMember member, HashSet<string> seen, RequestMemory.Holding memory)
    {
        string name = member.Name;
        if (!seen.Add(name))
        {
            throw ApiException.Invalid(name, $"'{name}' is given twice", "duplicate_parameter");
        }

        if (member.IsNull)
        {
            seen.Remove(name);
            return;
        }

        Parameter? row = _byName.GetValueOrDefault(name);
        if (row is null or { Use: ParameterUse.Refused })
        {
            if (row?.Neutral is { } neutral && AsksForNothing(neutral, member))
            {
                return;
            }

            throw ApiException.Unsupported(name);
        }

        if (row.Read is not null)
        {
            memory.Grow(member.TreeBytes, $"'{name}'");
            JsonDocument tree = member.Parse();
            request.Trees.Add(tree);
            request.TextBytes += member.Value.Length + (BytesPerToken * member.Tokens);
            row.Read(request, tree.RootElement, name);
        }
    }

    // None of these values has more in it than two brackets.
    private static bool AsksForNothing(NeutralValues neutral, BodyMember member)
    {
        if (member.Tokens > 2)
        {
            return false;
        }

        using JsonDocument value = member.Parse();
        return neutral.Have(value.RootElement);
    }
}
