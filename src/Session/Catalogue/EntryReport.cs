using LayerStream.Actors.Drafts;
using LayerStream.Formats;
using LayerStream.Models.Building;

namespace LayerStream.Session.Catalogue;

/// <summary>A model of a catalogue with what its files say and what a budget makes of it.</summary>
/// <param name="Entry">The model.</param>
/// <param name="Facts">What its files say; null when they cannot be read.</param>
/// <param name="Outlook">The plan; null when it cannot run here.</param>
/// <param name="Problem">Why it cannot be read or run; null when it can.</param>
public sealed record EntryReport(CatalogueEntry Entry, ModelFacts? Facts, EntryOutlook? Outlook, string? Problem)
{
    /// <summary>Opens and plans a model. A file that is no model gives a report that says why.</summary>
    public static EntryReport Of(CatalogueEntry entry, ModelOptions options)
    {
        if (entry.Problem is { } known)
        {
            return new EntryReport(entry, null, null, known);
        }

        ModelFacts? facts = null;
        try
        {
            GgufModel model = GgufModel.Open(entry.Path);
            facts = ModelFacts.Of(model, entry);
            return facts.Gaps.Count > 0 ? new EntryReport(entry, facts, null, string.Join("; ", facts.Gaps))
                : new EntryReport(entry, facts, EntryOutlook.Of(model, options), null);
        }
        catch (ModelFormatException e) when (facts is null) // later it is the draft model that is none
        {
            return new EntryReport(entry, facts, null, e.Reason);
        }
        catch (Exception e) when (e is UnsupportedModelException or ModelFormatException or DraftModelException or IOException
            or UnauthorizedAccessException or OutOfMemoryException or ArgumentException)
        {
            return new EntryReport(entry, facts, null, e.Message);
        }
    }
}
