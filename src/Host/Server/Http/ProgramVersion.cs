namespace LayerStream.Host.Server.Http;

/// <summary>The version that the program gives itself towards clients.</summary>
internal static class ProgramVersion
{
    /// <summary>Three numbers.</summary>
    public static string Text { get; } = typeof(ProgramVersion).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";
}
