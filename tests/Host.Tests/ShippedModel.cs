namespace LayerStream.Host.Tests;

/// <summary>The model that comes with the program.</summary>
internal static class ShippedModel
{
    internal static string Path { get; } = LayerStream.Host.Options.DefaultModel.Find();
}
