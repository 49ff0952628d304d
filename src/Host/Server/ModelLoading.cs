using LayerStream.Host.Server.Service;
using LayerStream.Session;
using LayerStream.Templates.Runtime;

namespace LayerStream.Host.Server;

/// <summary>Loads the model of the daemon.</summary>
internal static class ModelLoading
{
    /// <summary>Opens a model, with options for serving; notices go to the log, progress to the state.</summary>
    /// <exception cref="Exception">As <see cref="LoadedModel.OpenAsync"/>; or there is no tokenizer, or the chat template that was asked
    /// for cannot be read.</exception>
    public static async Task<LoadedModel> LoadAsync(ModelOptions options, ServerState state, CancellationToken ct)
    {
        LoadedModel model = await LoadedModel.OpenAsync(options, new Notices(state), ct);
        try
        {
            model.RequireTokenizer();
            CheckTemplate(model);
            return model;
        }
        catch
        {
            await model.DisposeAsync();
            throw;
        }
    }

    /// <summary>A template of the file's that cannot be read locks nothing but chat; one that was asked for stops the daemon.</summary>
    private static void CheckTemplate(LoadedModel model)
    {
        try
        {
            _ = model.Template;
        }
        catch (TemplateSyntaxException e) when (model.Options.ChatTemplate is null)
        {
            DaemonLog.Warning($"The model's chat template cannot be read ({e.Message}): chat is refused. {TemplateSource.WayOut}");
        }
    }

    private sealed class Notices(ServerState state) : IProgress<SessionNotice>
    {
        public void Report(SessionNotice value)
        {
            switch (value)
            {
                case SheetNotice:
                    state.Planned.TrySetResult();
                    break;
                case LoadingNotice loading:
                    state.Progress = loading.Progress;
                    break;
                case WarningNotice warning:
                    DaemonLog.Warning(warning.Text);
                    break;
                case InformationNotice information:
                    DaemonLog.Notice(information.Text);
                    break;
            }
        }
    }
}
