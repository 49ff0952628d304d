using System.Text.Json;
using System.Text.Json.Serialization;

namespace LayerStream.Session.Outlook;

/// <summary>The file in which runs leave what they learnt of models on this machine. It is a help and never a need: a file that cannot be
/// read counts as none, and one that cannot be written is left.</summary>
public sealed class SpeedProfile
{
    private const int MostBytes = 1 << 20;
    private const int MostModels = 32;
    private const string Off = "off";

    private SpeedProfile(IReadOnlyList<ModelProfile> models) => Models = models;

    /// <summary>Models, the one used last at the end.</summary>
    public IReadOnlyList<ModelProfile> Models { get; }

    /// <summary>The file of an option's value: <c>off</c> = none, null = the usual place.</summary>
    public static string? PathOf(string? option) => option == Off ? null : option
        ?? Path.Combine(StateFolder(), "layerstream", "profile.json");

    /// <summary>Reads a file; what is not as a run writes it is left out.</summary>
    public static SpeedProfile Read(string? path)
    {
        try
        {
            if (path is null || !File.Exists(path) || new FileInfo(path).Length > MostBytes)
            {
                return new SpeedProfile([]);
            }

            byte[] bytes = File.ReadAllBytes(path);
            ModelProfile[] models = JsonSerializer.Deserialize(bytes, ProfileJson.Default.ModelProfileArray) ?? [];
            return new SpeedProfile([.. models.Where(m => m is { Model: not null, Compute: not null, Rates: not null, Scores: not null }
                && m.IsSound).TakeLast(MostModels)]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return new SpeedProfile([]);
        }
    }

    /// <summary>What is known of a model; null if nothing.</summary>
    public ModelProfile? Find(string model, long fileBytes, int threads) => Models.LastOrDefault(m => m.IsOf(model, fileBytes, threads));

    /// <summary>Puts a model's profile in place of what the file says of it, as it is now: another process may have written since. The file
    /// is replaced whole; one that holds a model is left as it is.</summary>
    public static void Write(string? path, ModelProfile model)
    {
        if (path is null || !model.IsSound || ModelFile.IsModel(path))
        {
            return;
        }

        try
        {
            ModelProfile[] models = [.. Read(path).Models.Where(m => !m.IsOf(model.Model, model.FileBytes, model.Threads))
                .Append(model).TakeLast(MostModels)];
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            ReplacedFile.Write(path, JsonSerializer.SerializeToUtf8Bytes(models, ProfileJson.Default.ModelProfileArray));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A read-only home directory keeps nobody from generating.
        }
    }

    // XDG base directory specification: an unset, empty or relative value means the default.
    private static string StateFolder()
    {
        string? set = Environment.GetEnvironmentVariable("XDG_STATE_HOME");
        return Path.IsPathFullyQualified(set ?? "") ? set! : OperatingSystem.IsWindows()
            ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData)
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state");
    }
}

/// <summary>How profiles are written.</summary>
[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, IgnoreReadOnlyProperties = true)]
[JsonSerializable(typeof(ModelProfile[]))]
internal sealed partial class ProfileJson : JsonSerializerContext;
