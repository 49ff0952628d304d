namespace LayerStream.Tokenization.PreTokenization;

/// <summary>The table of pre-tokenisers. To add one: a row in the file of its family, or a new family listed here.</summary>
internal static class PreTokenizers
{
    private static readonly Dictionary<string, PreTokenizer> s_byName = Index();

    /// <summary>The row with this name; the absent key stands for <c>default</c>. Null when unknown.</summary>
    public static PreTokenizer? Find(string? name) => s_byName.GetValueOrDefault(string.IsNullOrEmpty(name) ? "default" : name);

    /// <summary>All names, in order.</summary>
    public static IEnumerable<string> Names => s_byName.Keys.Order(StringComparer.Ordinal);

    private static Dictionary<string, PreTokenizer> Index()
    {
        var rows = new Dictionary<string, PreTokenizer>(StringComparer.Ordinal);
        PreTokenizer[][] families =
            [Gpt2Family.Rows, Llama3Family.Rows, O200KFamily.Rows, DeepSeekFamily.Rows, FalconFamily.Rows, RawFamily.Rows];
        foreach (PreTokenizer row in families.SelectMany(family => family))
        {
            foreach (string name in row.Names)
            {
                rows.Add(name, row);
            }
        }

        return rows;
    }
}
