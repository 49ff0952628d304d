using System.Text;

namespace LayerStream.Text.Benchmarks;

/// <summary>The kinds of text that are timed: ordinary ones, and those that have made tokenizers slow.</summary>
internal static class Texts
{
    private const int Length = 1 << 18;

    /// <summary>Name and text of every kind; <paramref name="prose"/> is the ordinary text.</summary>
    public static (string Name, string Text)[] All(string prose) =>
    [
        ("prose", Repeat(prose, Length)),
        ("code", Repeat(Code, Length)),
        ("digits", Random(Length, "0123456789")),
        ("word", Random(100_000, "abcdefghijklmnopqrstuvwxyz")),
        ("1MB word", Random(1_000_000, "abcdefghijklmnopqrstuvwxyz")),
        ("aaaa", new string('a', 26_000)),
        ("ABab", Repeat("ABab", 100_000)),
        ("spaces", new string(' ', 100_000)),
        ("newlines", new string('\n', 100_000)),
        ("marks", "e" + new string('\u0301', 100_000)),
        ("scripts", Repeat("aбγ中カ1ก한", 100_000)),
        ("han", Repeat("我们今天讨论的是语言模型如何在内存不足的机器上运行", 100_000)),
        ("emoji", Repeat("👩‍👩‍👧‍👦🏳️‍🌈👍🏽", 100_000)),
        ("symbols", Repeat("!=<>|&^~", 100_000)),
        ("quotes", Repeat("'s'S'", 100_000)),
        ("markers", Repeat("<|im_<s></<|", 100_000)),
        ("unicode", AnyCharacters(100_000)),
    ];

    private const string Code =
        "    for (int i = 0; i < count; i++)\n    {\n        if (values[i] != null && values[i].Length > 0x7F)\n        {\n"
        + "            total += Parse(values[i], \"%d\\n\", CultureInfo.InvariantCulture); // keep 12,345.678\n        }\n    }\n\n"
        + "def render(self, **kwargs):\n\treturn \"\".join(f\"{k}={v!r}\" for k, v in kwargs.items())\n";

    private static string Repeat(string text, int length)
    {
        StringBuilder made = new(length + text.Length);
        while (made.Length < length)
        {
            made.Append(text);
        }

        return made.ToString();
    }

    private static string Random(int length, string pool)
    {
        Random random = new(1);
        return string.Create(length, pool, (text, from) =>
        {
            for (int i = 0; i < text.Length; i++)
            {
                text[i] = from[random.Next(from.Length)];
            }
        });
    }

    private static string AnyCharacters(int count)
    {
        Random random = new(2);
        StringBuilder made = new(count * 2);
        while (made.Length < count)
        {
            int codePoint = random.Next(0x30000);
            if (Rune.IsValid(codePoint))
            {
                made.Append(new Rune(codePoint).ToString());
            }
        }

        return made.ToString();
    }
}
