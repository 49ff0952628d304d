using LayerStream.Session;

namespace LayerStream.Host.Terminal;

/// <summary>Notices on standard error. With --quiet or --json only warnings are said.</summary>
internal sealed class TerminalNotices(bool isQuiet) : IProgress<SessionNotice>
{
    private readonly LoadingLine _loading = new();

    /// <summary>As the options ask for.</summary>
    public TerminalNotices(ModelOptions options) : this(options.Quiet || options.Json)
    {
    }

    public void Report(SessionNotice value)
    {
        switch (value)
        {
            case WarningNotice warning:
                _loading.End();
                Console.Error.WriteLine(warning.Text);
                break;
            case LoadingNotice loading when !isQuiet:
                _loading.Report(loading.Progress);
                break;
            case SheetNotice sheet when !isQuiet:
                Console.Error.WriteLine(sheet.Sheet.Render().TrimEnd());
                break;
            case LoadedNotice:
                _loading.End();
                break;
            case InformationNotice information when !isQuiet:
                _loading.End();
                Console.Error.WriteLine(information.Text);
                break;
        }
    }
}
