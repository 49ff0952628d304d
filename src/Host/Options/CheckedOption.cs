using System.CommandLine;
using System.CommandLine.Parsing;
using LayerStream.Session;

namespace LayerStream.Host.Options;

/// <summary>Options whose values are checked while the command line is read: what is wrong with one is said in words of the option, and
/// not of the types of this program.</summary>
internal static class CheckedOption
{
    /// <summary>A whole number in [least, most].</summary>
    public static Option<int> Whole(string name, string description, int least, int most, int usual) => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => usual,
        CustomParser = result => Read(result, text => OptionText.Whole(name.TrimStart('-'), text, least, most)),
    };

    /// <summary>A whole number in [least, most], or none.</summary>
    public static Option<int?> WholeOrNone(string name, string description, int least, int most) => new(name)
    {
        Description = description,
        CustomParser = result => Read<int?>(result, text => OptionText.Whole(name.TrimStart('-'), text, least, most)),
    };

    /// <summary>A whole number of 64 bits.</summary>
    public static Option<long> Seed(string name, string description, long usual) => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => usual,
        CustomParser = result => Read(result, text => OptionText.Seed(name.TrimStart('-'), text)),
    };

    private static T? Read<T>(ArgumentResult result, Func<string, T> read)
    {
        try
        {
            return read(result.Tokens is [{ Value: { } text }, ..] ? text : "");
        }
        catch (UsageException e)
        {
            result.AddError(e.Message);
            return default;
        }
    }
}
