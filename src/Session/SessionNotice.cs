using LayerStream.Actors.Loading;
using LayerStream.Memory;

namespace LayerStream.Session;

/// <summary>Something a person may want to know while a model is opened. The kinds are the records below.</summary>
public abstract record SessionNotice;

/// <summary>The sealed budget sheet, before anything is allocated.</summary>
public sealed record SheetNotice(BudgetSheet Sheet) : SessionNotice;

/// <summary>How far loading has come; many of them, from several threads.</summary>
public sealed record LoadingNotice(LoadProgress Progress) : SessionNotice;

/// <summary>Loading has ended; no progress follows.</summary>
public sealed record LoadedNotice : SessionNotice;

/// <summary>One sentence about how the model runs, of interest to who watches.</summary>
public sealed record InformationNotice(string Text) : SessionNotice;

/// <summary>One sentence that is said however quiet the program is to be: results or limits are not what one would expect.</summary>
public sealed record WarningNotice(string Text) : SessionNotice;
