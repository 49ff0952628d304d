using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using LayerStream.Host.Options;
using LayerStream.Host.Terminal;
using LayerStream.Host.Top;
using LayerStream.Host.Verbs;
using LayerStream.Host.Verbs.Catalogue;
using LayerStream.Session;

namespace LayerStream.Host;

/// <summary>The verbs: one row for each.</summary>
public static class VerbTable
{
    private static readonly (Func<Command> Create, CommonUse Uses)[] s_rows =
    [
        (RunVerb.Create, CommonUse.All),
        (ChatVerb.Create, CommonUse.All),
        (ServeVerb.Create, CommonUse.All),
        (BatchVerb.Create, CommonUse.All),
        (InspectVerb.Create, CommonUse.Model),
        (PlanVerb.Create, CommonUse.Model | CommonUse.Engine | CommonUse.Budget),
        (LogitsVerb.Create, CommonUse.Model | CommonUse.Engine | CommonUse.Budget),
        (ScoreVerb.Create, CommonUse.Model | CommonUse.Engine | CommonUse.Budget),
        (PerplexityVerb.Create, CommonUse.Model | CommonUse.Engine | CommonUse.Budget),
        (TokenizeVerb.Create, CommonUse.Model),
        (GrammarVerb.Create, CommonUse.None),
        (TemplateVerb.Create, CommonUse.Model),
        (TraceVerb.Create, CommonUse.None),
        (TopVerb.Create, CommonUse.None),
        (TuneVerb.Create, CommonUse.Model | CommonUse.Engine | CommonUse.Budget),
        (DoctorVerb.Create, CommonUse.Model | CommonUse.Engine | CommonUse.Budget),
        (ReplayVerb.Create, CommonUse.None),
        (VerifyVerb.Create, CommonUse.Model | CommonUse.Budget),
        (SynthVerb.Create, CommonUse.None),
        (QuantizeVerb.Create, CommonUse.Catalogue | CommonUse.Budget | CommonUse.Threads),
        (PullVerb.Create, CommonUse.Catalogue),
        (LsVerb.Create, CommonUse.Catalogue | CommonUse.Engine | CommonUse.Budget),
        (ShowVerb.Create, CommonUse.Catalogue | CommonUse.Engine | CommonUse.Budget),
        (RmVerb.Create, CommonUse.Catalogue),
        (ConfigVerb.Create, CommonUse.All),
        (CompletionVerb.Create, CommonUse.None),
    ];

    /// <summary>The command line with all verbs.</summary>
    public static RootCommand CreateRoot()
    {
        RootCommand root = new("Runs language models larger than memory by streaming their layers from flash.");
        CommonOptions.AddTo(root);
        foreach ((Func<Command> create, _) in s_rows)
        {
            root.Add(create());
        }

        VerbExamples.AddTo(root);
        return root;
    }

    /// <summary>The verb of a command line with its subcommand, as it is typed.</summary>
    private static string Name(RootCommand root, ParseResult parse)
    {
        List<string> names = [];
        for (SymbolResult? result = parse.CommandResult; result is CommandResult of && of.Command != root; result = result.Parent)
        {
            names.Insert(0, of.Command.Name);
        }

        return string.Join(' ', names);
    }

    /// <summary>What the verb of a command line has a use for; all without a verb.</summary>
    internal static CommonUse Uses(RootCommand root, ParseResult parse)
    {
        int row = -1;
        for (SymbolResult? result = parse.CommandResult; result is CommandResult of && of.Command != root; result = result.Parent)
        {
            row = root.Subcommands.IndexOf(of.Command); // a verb's own subcommand is none of the root's
        }

        return row < 0 ? CommonUse.All : s_rows[row].Uses;
    }

    /// <summary>Parses and runs. Exit codes as in <see cref="Failures"/>.</summary>
    public static Task<int> RunAsync(string[] args)
    {
        bool isJson = false;
        return Failures.GuardAsync(async () =>
        {
            ArgumentBytes.Check(args);
            RootCommand root = CreateRoot();
            ParserConfiguration parser = new() { ResponseFileTokenReplacer = null };
            ParseResult parse = root.Parse(args, parser);
            isJson = CommonOptions.JsonFlag(parse);
            string[] complete = VerbSettings.Complete(parse, args);
            parse = complete.Length > args.Length ? root.Parse(complete, parser) : parse;
            isJson = CommonOptions.Json(parse);
            CommonUse uses = Uses(root, parse);
            CommonOptions.ShowOnly(uses);
            if (parse.Errors.Count > 0)
            {
                string verb = Name(root, parse);
                throw new UsageException(string.Join(Environment.NewLine,
                    parse.Errors.Select(e => e.Message).Append($"Try: layerstream {verb}{(verb.Length > 0 ? " " : "")}--help")));
            }

            if (CommonOptions.Useless(parse, uses) is { } option)
            {
                throw new UsageException($"{Name(root, parse)} has no use for {option}.");
            }

            using Interrupts interrupts = new() { EndsAtOnce = parse.Action is SynchronousCommandLineAction };
            InvocationConfiguration invocation = new() { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
            return await parse.InvokeAsync(invocation, interrupts.Token);
        }, () => isJson);
    }
}
