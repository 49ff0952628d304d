namespace LayerStream.Architecture.Tests;

/// <summary>The only exceptions from the house rules. One that is no longer needed fails the test of its rule, so this list only
/// shrinks.</summary>
internal static class KnownExceptions
{
    internal static IReadOnlyList<(HouseRule Rule, string Subject, string Reason)> All { get; } = [];
}
