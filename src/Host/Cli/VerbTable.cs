using System.CommandLine;

namespace LayerStream.Host.Cli;

/// <summary>The verbs: one row for each.</summary>
public static class VerbTable
{
    private static readonly Func<Command>[] s_rows =
    [
        RunVerb.Create, ChatVerb.Create, ServeVerb.Create, InspectVerb.Create, PlanVerb.Create, LogitsVerb.Create,
        PerplexityVerb.Create, TokenizeVerb.Create, TemplateVerb.Create, TraceVerb.Create, TuneVerb.Create, DoctorVerb.Create,
        ReplayVerb.Create,
        VerifyVerb.Create, SynthVerb.Create,
    ];

    /// <summary>Names that environment and configuration file may set.</summary>
    public static IReadOnlyList<string> OptionNames { get; } =
        [.. CommonOptions.Names.Concat(s_rows.Select(create => create()).SelectMany(WithSubcommands).SelectMany(c => c.Options).Select(VerbSettings.NameOf)).Distinct()];

    private static IEnumerable<Command> WithSubcommands(Command verb) => verb.Subcommands.Prepend(verb);

    /// <summary>The command line with all verbs.</summary>
    public static RootCommand CreateRoot()
    {
        RootCommand root = new("Runs language models larger than memory by streaming their layers from flash.");
        CommonOptions.AddTo(root);
        foreach (Func<Command> create in s_rows)
        {
            root.Add(create());
        }

        return root;
    }

    /// <summary>Parses and runs. Exit codes as in <see cref="Failures"/>.</summary>
    public static Task<int> RunAsync(string[] args) => Failures.GuardAsync(async () =>
    {
        RootCommand root = CreateRoot();
        ParserConfiguration parser = new() { ResponseFileTokenReplacer = null };
        ParseResult parse = root.Parse(args, parser);
        string[] complete = VerbSettings.Complete(parse, args);
        parse = complete.Length > args.Length ? root.Parse(complete, parser) : parse;
        if (parse.Errors.Count > 0)
        {
            foreach (var error in parse.Errors)
            {
                Console.Error.WriteLine(error.Message);
            }

            Console.Error.WriteLine("Try: layerstream --help");
            return Failures.Usage;
        }

        return await parse.InvokeAsync(new InvocationConfiguration
        {
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = TimeSpan.FromHours(12),
        });
    });
}
