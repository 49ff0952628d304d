using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using LayerStream.Sampling.Grammars;
using LayerStream.Sampling.Grammars.States;
using Xunit;

namespace LayerStream.Sampling.Tests.Grammars;

/// <summary>Patterns decide as the runtime's own expressions do.</summary>
public sealed class PatternTests
{
    private const string Letters = "abAB1_ -x\n";

    public static TheoryData<string> Patterns =>
    [
        "^(?=.*[A-Z])(?=.*\\d)[A-Za-z\\d]{2,}$", "^(?!.*ab)[a-z]*$", "(?!a)[ab]", "^a(?!b)", "(?<=a)b", "(?<!a)b$", "^(?:(?!b)[ab1])+$",
        "\\bab\\b",
        "^\\w+\\b", "a\\b", "\\Ba", "a\\B", "\\b\\d", "^(?i:ab)1$", "(?i)^[a-b]+$", "^(?s:a.b)$", "^a.b$", "\\Aab?\\z",
        "^(a|ab|b)*1?$", "^[^\\W\\d_]+$", "^.{2,3}$", "^(?:a|b(?=1)|x)1?$", "^\\S+(?: \\S+)*$",
        "^a{0}b{2}$", "^(?:a?){3}b$", "", "a|", "^$|^a$",
        "(?=a)(?=.b)[a-z]{2}", "^(?=a|b)(?!bb)..$", "(?<=^|-)a", "^\\x61[\\x41-\\x42]\\u0031?$", "^[\\s-]+$", "[a-]$", "^(?<n>a)(?:b)$",
    ];

    [Theory]
    [MemberData(nameof(Patterns))]
    public void Pattern_TextsOfFewLetters_AreFoundAsTheRuntimeFindsThem(string pattern)
    {
        string here = JsonSerializer.Serialize(new { type = "string", pattern });
        Grammar search = GrammarTests.FromSchema(here, checks: true);
        Grammar? whole = Whole(pattern);
        Regex reference = new(pattern.Replace("$", "\\z", StringComparison.Ordinal), RegexOptions.CultureInvariant);
        Regex referenceOfAll = new($"\\A(?:{reference})\\z", RegexOptions.CultureInvariant);
        Random random = new(3);
        for (int i = 0; i < 600; i++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(6)).Select(_ => Letters[random.Next(Letters.Length)]));
            byte[] json = Encoding.UTF8.GetBytes(JsonSerializer.Serialize(text));
            Assert.True(reference.IsMatch(text) == search.Match(json).Accepts, $"search '{text}'");
            Assert.True(
                referenceOfAll.IsMatch(text) == (whole?.Match(Encoding.UTF8.GetBytes(text)).Accepts ?? false), $"whole '{text}'");
        }
    }

    // null = no text matches, as where a look-behind stands in front of everything.
    private static Grammar? Whole(string pattern)
    {
        try
        {
            return Grammar.FromRegex(pattern);
        }
        catch (GrammarException e) when (e.Fault == GrammarFault.Empty)
        {
            return null;
        }
    }
}
