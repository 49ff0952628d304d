using System.Diagnostics;
using System.Text;
using Xunit;

namespace LayerStream.Sampling.Tests;

public sealed class StopRulesTests
{
    private static readonly HashSet<int> s_eos = [2];

    [Fact]
    public void Check_PlainText_PassesThrough()
    {
        StopRules rules = new(s_eos, [], false);
        Assert.Equal(new StopDecision(false, "hello", null), rules.Check(1, "hello"));
        Assert.Equal("", rules.Flush());
    }

    [Fact]
    public void Check_StopStringOverTokens_HoldsBackAndStops()
    {
        StopRules rules = new(s_eos, ["</end>"], false);
        Assert.Equal(new StopDecision(false, "a ", null), rules.Check(1, "a <"));
        Assert.Equal(new StopDecision(false, "", null), rules.Check(1, "/en"));
        Assert.Equal(new StopDecision(true, "", "stop"), rules.Check(1, "d> more"));
        Assert.Equal("</end>", rules.MatchedString);
        Assert.Equal("", rules.Flush());
        Assert.Equal(new StopDecision(true, "", "stop"), rules.Check(1, "x"));
    }

    [Fact]
    public void Check_PrefixThatFails_IsEmittedInFull()
    {
        StopRules rules = new(s_eos, ["aab"], false);
        StringBuilder seen = new();
        foreach (char next in "aaacaaxaa")
        {
            StopDecision decision = rules.Check(1, next.ToString());
            Assert.False(decision.Stop);
            seen.Append(decision.Text);
        }
        Assert.Equal("aaacaax", seen.ToString());
        Assert.Equal("aa", rules.Flush());
    }

    [Fact]
    public void Check_SelfOverlappingPrefix_StillFinds()
    {
        StopRules rules = new(s_eos, ["aab"], false);
        Assert.Equal(new StopDecision(false, "a", null), rules.Check(1, "aaa"));
        Assert.Equal(new StopDecision(true, "", "stop"), rules.Check(1, "b"));
    }

    [Fact]
    public void Check_StringInsideLongerPrefix_StopsAtTheInnerOne()
    {
        StopRules rules = new(s_eos, ["abcd", "bc"], false);
        Assert.Equal(new StopDecision(true, "xa", "stop"), rules.Check(1, "xabce"));
    }

    [Fact]
    public void Check_StopToken_EmitsHeldTextButNotItsOwn()
    {
        StopRules rules = new(s_eos, ["xyz"], false);
        Assert.Equal("1", rules.Check(1, "1xy").Text);
        Assert.Equal(new StopDecision(true, "xy", "stop"), rules.Check(2, "</s>"));
        Assert.Null(rules.MatchedString);
    }

    [Fact]
    public void Check_IgnoreEos_GoesOn()
    {
        Assert.Equal(new StopDecision(false, "e", null), new StopRules(s_eos, [], true).Check(2, "e"));
    }

    [Fact]
    public void Constructor_EmptyStopString_Throws()
    {
        Assert.Throws<ArgumentException>(() => new StopRules(s_eos, ["a", ""], false));
    }

    [Fact]
    public void Check_RandomTextAndSplits_EqualsNaiveSearch()
    {
        Xoshiro256 random = new(5);
        for (int round = 0; round < 3000; round++)
        {
            string text = Letters(random, 1 + (int)(random.NextUInt64() % 30));
            string[] stops = [.. Enumerable.Range(0, 1 + (int)(random.NextUInt64() % 3))
                .Select(_ => Letters(random, 1 + (int)(random.NextUInt64() % 5)))];
            StopRules rules = new(s_eos, stops, false);
            StringBuilder seen = new();
            bool stopped = false;
            for (int at = 0; at < text.Length && !stopped;)
            {
                int length = Math.Min(text.Length - at, (int)(random.NextUInt64() % 4));
                StopDecision decision = rules.Check(1, text.Substring(at, length));
                seen.Append(decision.Text);
                stopped = decision.Stop;
                at += length;
            }
            seen.Append(rules.Flush());
            int end = Enumerable.Range(1, text.Length).FirstOrDefault(e => stops.Any(s => text[..e].EndsWith(s, StringComparison.Ordinal)));
            string expected = end == 0 ? text
                : text[..(end - stops.Where(s => text[..end].EndsWith(s, StringComparison.Ordinal)).Max(s => s.Length))];
            Assert.Equal(expected, seen.ToString());
            Assert.Equal(end != 0, stopped);
        }
    }

    [Fact]
    public void Check_HostilePrefixes_TakesLinearTime()
    {
        string almost = new('a', 20_000);
        StopRules rules = new(s_eos, [almost + "b"], false);
        long start = Stopwatch.GetTimestamp();
        long emitted = 0;
        for (int i = 0; i < 200; i++)
        {
            emitted += rules.Check(1, new string('a', 1000)).Text.Length;
        }
        Assert.Equal(200_000, emitted + rules.Flush().Length);
        Assert.True(Stopwatch.GetElapsedTime(start).TotalSeconds < 3);
    }

    private static string Letters(Xoshiro256 random, int count) =>
        new([.. Enumerable.Range(0, count).Select(_ => (char)('a' + (random.NextUInt64() % 2)))]);
}
