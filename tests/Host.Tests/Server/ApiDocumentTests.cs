using System.Text;
using LayerStream.Host.Server.Batches.Running;
using LayerStream.Host.Server.Chat;
using LayerStream.Host.Server.Completions;
using LayerStream.Host.Server.Embeddings;
using LayerStream.Host.Server.Endpoints;
using LayerStream.Host.Server.Messages;
using LayerStream.Host.Server.Ollama;
using LayerStream.Host.Server.Responses;
using LayerStream.Host.Server.Scoring;
using LayerStream.Host.Server.Translation;

namespace LayerStream.Host.Tests.Server;

/// <summary>docs/api.md is made from the tables of the code. To write it anew: LAYERSTREAM_WRITE_DOCS=1.</summary>
public sealed class ApiDocumentTests
{
    private const string Rules = """

        ## Thoughts and tool calls
        What the model thinks, says and calls is told apart by the form its chat template shows (`docs/answers.md`).
        A call that is damaged or cut off is given as text in an answer of one piece. `required` and a named function
        begin the call in the model's place, behind the end of a thought that the template has opened. The rest of the call
        is held to a grammar of the model's form, so that it is whole and its arguments meet their schema; so are calls of
        `strict` tools wherever they come. A schema that cannot be held to is refused for a strict tool; for others, and for
        forms that no grammar is made of, the header `x-layerstream-loose-tools` names the tools. A `response_format`
        beside tools is what an answer without calls must be.

        ## Bodies
        JSON, as it is or packed with gzip, deflate, br or zstd (windows up to 2 MiB); the limit holds before and after
        unpacking, and is what the context could hold at most, never more than 32 MiB. A body is paid for from the account
        "requests" of the budget sheet before it is read: what can never fit is refused with 413, what others leave no room
        for now with 429 and `Retry-After`. A body that has not arrived after 30 s and a second more for every 32 KiB ends
        with 408. A place in the queue is taken when the body is there.

        ## Answers
        An answer in one piece sends its headers and a blank when it has not come after 2 s, then a blank every 5 s; a
        stream sends a comment instead. A failure after the headers is sent as an error and then breaks the connection: no
        `[DONE]`, no end of the JSON. Whoever reads slower than the answer is made has 64 KiB and what the account still
        gives; then the connection is broken.

        ## Requests under way
        `/v1/layerstream/requests` lists those of the key that asks (all of them where no keys are asked for): `waiting`, `reading`
        or `writing`, with tokens read and written. DELETE on one of them, by its id or by the id in its answer
        (`chatcmpl-…`), ends it: its client gets 410 and the code `request_cancelled`, or, where the answer has begun, the error
        and a broken connection. What it had read stays for a prompt that begins alike.

        ## The end of the daemon
        SIGTERM or SIGINT: new and queued requests get 503, running answers go on for at most `--drain-seconds` (30, the
        time to send them included), then end with what they have and the reason `length`. A second signal ends the process
        at once. SIGHUP does the same as SIGTERM when the process has a terminal; when it has none, the key file and the
        certificate are read again, and stay as they were if that fails.

        ## Who may call
        Loopback names with any port, the addresses listened on, and the names given by `--allowed-hosts`; web pages only
        of origins given by `--cors-origin`. Keys of `--api-key-file` are taken as `Authorization: Bearer`, `x-api-key` or
        `api-key`. Its lines hold a key each; `share=25%` behind one keeps its requests to a quarter of the places, running
        and waiting (429 with `key_share_used` beyond), and `#` begins a remark.

        `--urls` takes several addresses: `http://` and, with `--tls-certificate`, `https://` with an IP address or
        `localhost`, which means both loopback addresses; `unix:/path` is a socket that only its owner can open.

        ## The log
        Entries go to standard error; with `--json` each is a line of JSON: `time`, `level`, `event_id`, `event`, `message`
        and `values`. Neither bodies nor keys are ever in it.
        """;

    [Fact]
    public void Document_OfEndpointsAndParameters_IsWhatTheCodeSays()
    {
        string path = Path.Combine(Root(), "docs", "api.md"), text = Write();
        if (Environment.GetEnvironmentVariable("LAYERSTREAM_WRITE_DOCS") == "1")
        {
            File.WriteAllText(path, text);
        }

        Assert.Equal(text, File.ReadAllText(path));
    }

    private static string Write()
    {
        StringBuilder text = new();
        text.Append("""
            # The HTTP API
            Made from the tables of the code by the test `ApiDocumentTests` (`LAYERSTREAM_WRITE_DOCS=1` writes it anew).

            ## Endpoints
            HEAD is answered wherever GET is; slashes at the end mean nothing. Rows marked open need no key.

            | method | path | open | what |
            | --- | --- | --- | --- |

            """);
        foreach (Endpoint row in EndpointTable.Rows)
        {
            text.Append($"| {row.Method} | `{row.Path}{(row.TakesName ? "…" : "")}` | "
                + $"{(row.IsPublic ? "open" : "")} | {row.Note} |\n");
        }

        text.Append("""

            ## Members of a chat completion request
            `null` is the same as absent. A member that is not in the table is refused with 400; one that is refused is let through
            with a value that asks for nothing: false, an empty text, an empty list, or what its row names. The same holds for all APIs.

            | member | what happens | values |
            | --- | --- | --- |

            """);
        foreach (Parameter row in ChatParameters.Rows)
        {
            text.Append($"| `{row.Name}` | {row.Use.ToString().ToLowerInvariant()} | {row.Note} |\n");
        }

        AppendMembers(text, "a completion request", Members(CompletionParameters.Rows));
        AppendMembers(text, "a request for embeddings", Members(EmbeddingMembers.Rows));
        AppendMembers(text, "a request for scores", Members(ScoreRequest.Rows));
        AppendMembers(text, "a request for a batch", Members(BatchRequest.Rows));
        AppendMembers(text, "an Ollama embed request", Members(EmbeddingMembers.Ollama));
        AppendMembers(text, "an Ollama embeddings request", Members(EmbeddingMembers.OllamaPrompt));
        AppendTranslations(text);
        text.Append(Rules).Append('\n');
        return text.ToString();
    }

    private static IEnumerable<TranslatedMember> Members(IEnumerable<Parameter> rows) =>
        rows.Select(r => new TranslatedMember(r.Name, r.Use, r.Note));

    private static void AppendTranslations(StringBuilder text)
    {
        AppendMembers(text, "an Anthropic messages request", MessagesMembers.Translation.Rows);
        AppendMembers(text, "a responses request", ResponsesMembers.Rows);
        AppendMembers(text, "an Ollama chat request", OllamaMembers.Chat.Rows);
        AppendMembers(text, "an Ollama generate request", OllamaMembers.Generate.Rows);
        text.Append("\nMembers of `options`: ")
            .AppendJoin(", ", OllamaMembers.Options.Where(o => o.Value is not null).Select(o => $"`{o.Key}`"))
            .Append(" are honoured; ").AppendJoin(", ", OllamaMembers.Options.Where(o => o.Value is null).Select(o => $"`{o.Key}`"))
            .Append(" are hints; others are refused, but for ")
            .AppendJoin(" and ", OllamaMembers.RefusedOptions.Keys.Select(o => $"`{o}`")).Append(" where they are turned off.\n");
    }

    private static void AppendMembers(StringBuilder text, string what, IEnumerable<TranslatedMember> rows)
    {
        text.Append($"\n## Members of {what}\n\n| member | what happens | values |\n| --- | --- | --- |\n");
        foreach (TranslatedMember row in rows)
        {
            text.Append($"| `{row.Name}` | {row.Use.ToString().ToLowerInvariant()} | {row.Note} |\n");
        }
    }

    internal static string Root()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Directory.Packages.props")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? Environment.GetEnvironmentVariable("LAYERSTREAM_ROOT")
            ?? throw new DirectoryNotFoundException("the repository is not above the test; set LAYERSTREAM_ROOT");
    }
}
