using System.CommandLine;
using LayerStream.Host.Options;
using LayerStream.Session;

namespace LayerStream.Host.Verbs;

/// <summary><c>completion SHELL</c>: the script with which a shell completes verbs and options. It asks the program itself.</summary>
public static class CompletionVerb
{
    private const string Bash = """
        # layerstream: completion for bash. Use: source <(layerstream completion bash)
        _layerstream() {
            local IFS=$'\n' current="${COMP_WORDS[COMP_CWORD]}"
            local found; found=$("${COMP_WORDS[0]}" "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null)
            COMPREPLY=($(compgen -W "${found}" -- "${current}"))
        }
        complete -o default -F _layerstream layerstream

        """;

    private const string Zsh = """
        #compdef layerstream
        # layerstream: completion for zsh. Use: source <(layerstream completion zsh)
        _layerstream() {
            local -a found
            found=("${(@f)$("${words[1]}" "[suggest:${CURSOR}]" "${BUFFER}" 2>/dev/null)}")
            if [[ -n "${found[1]}" ]]; then compadd -a found; else _files; fi
        }
        compdef _layerstream layerstream

        """;

    private const string Fish = """
        # layerstream: completion for fish. Use: layerstream completion fish | source
        function __layerstream
            set -l line (commandline -cp)
            layerstream "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null
        end
        complete -c layerstream -a '(__layerstream)'

        """;

    private static readonly Argument<string> s_shell = new("shell") { Description = "bash, zsh or fish" };

    /// <summary>The verb.</summary>
    public static Command Create()
    {
        s_shell.CompletionSources.Add("bash", "zsh", "fish");
        Command verb = new("completion", "Prints the script with which a shell completes verbs and options.") { s_shell };
        verb.ShowExamples("source <(layerstream completion bash)");
        verb.SetAction(parse => Print(parse.GetRequiredValue(s_shell)));
        return verb;
    }

    private static int Print(string shell)
    {
        string script = shell switch
        {
            "bash" => Bash,
            "zsh" => Zsh,
            "fish" => Fish,
            _ => throw new UsageException($"completion takes bash, zsh or fish, not '{shell}'."),
        };
        Console.Out.Write(script.ReplaceLineEndings("\n"));
        return Failures.Success;
    }
}
