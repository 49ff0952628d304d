using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Runtime.CompilerServices;

namespace LayerStream.Host.Options;

/// <summary>What verbs show at the end of their help: command lines that work as they stand, and the exit codes.</summary>
internal static class VerbExamples
{
    private const string ExitCodes = "Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.";
    private static readonly ConditionalWeakTable<Command, string[]> s_examples = [];

    /// <summary>Gives a verb its examples.</summary>
    public static void ShowExamples(this Command verb, params string[] lines) => s_examples.AddOrUpdate(verb, lines);

    /// <summary>The examples of a verb.</summary>
    public static IReadOnlyList<string> Of(Command verb) => s_examples.TryGetValue(verb, out string[]? lines) ? lines : [];

    /// <summary>Has the help of all verbs end with them.</summary>
    public static void AddTo(RootCommand root)
    {
        foreach (HelpOption help in root.Options.OfType<HelpOption>())
        {
            help.Action = new HelpWithExamples((SynchronousCommandLineAction)help.Action!);
        }
    }

    private sealed class HelpWithExamples(SynchronousCommandLineAction usual) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => usual.ClearsParseErrors; // whoever asks for help leaves out what is required

        public override int Invoke(ParseResult parseResult)
        {
            int code = usual.Invoke(parseResult);
            TextWriter output = parseResult.InvocationConfiguration.Output;
            IReadOnlyList<string> lines = Of(parseResult.CommandResult.Command);
            if (lines.Count > 0)
            {
                output.WriteLine("Examples:");
                foreach (string line in lines)
                {
                    output.WriteLine($"  {line}");
                }

                output.WriteLine();
            }

            output.WriteLine(ExitCodes);
            return code;
        }
    }
}
