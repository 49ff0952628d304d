using System.Globalization;
using LayerStream.Sampling.Grammars.States;

namespace LayerStream.Sampling.Grammars.Json.Schemas;

/// <summary>A format of texts.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Pattern">A regular expression after its RFC, for the whole text.</param>
/// <param name="Longest">The largest length in code points, where the pattern does not say it; null = none.</param>
internal sealed record TextFormat(string Name, string Pattern, int? Longest = null);

/// <summary>Formats of texts by name.</summary>
internal static class TextFormats
{
    // The year 0 is left out, which few readers know.
    private const string Date = @"(?!0000)(?:\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)"
        + @"|02-(?:0[1-9]|1\d|2[0-8]))|(?:\d\d(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29)";

    private const string Zone = @"(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)";

    private static readonly string s_time =
        @"(?:(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?" + Zone + $@"|23:59:60(?:\.\d+)?[Zz]|{string.Join('|', LeapSeconds())})";

    private const string Octet = @"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)";
    private const string Ipv4 = Octet + @"(?:\." + Octet + "){3}";
    private const string Group = "[0-9A-Fa-f]{1,4}";

    // Hyphens in the third and fourth place mark encodings, which a pattern cannot check: such labels are not taken.
    private const string Label = "(?:[A-Za-z0-9](?:[A-Za-z0-9-]?[A-Za-z0-9])?|[A-Za-z0-9][A-Za-z0-9-](?:[A-Za-z0-9-][A-Za-z0-9]"
        + "|(?:[A-Za-z0-9][A-Za-z0-9-]|-[A-Za-z0-9])[A-Za-z0-9-]{0,58}[A-Za-z0-9]))";

    private const string Host = Label + @"(?:\." + Label + ")*";
    private const string AtomText = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";
    private const string Pointer = "(?:/(?:[^/~]|~[01])*)*";
    private const string UriCharacter = "(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})";
    private const string UserInfo = "(?:[A-Za-z0-9._~!$&'()*+,;=:-]|%[0-9A-Fa-f]{2})*";
    private const string RegisteredName = "(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*";
    private static readonly string s_authority = "(?:" + UserInfo + @"@)?(?:\[(?:" + Ipv6()
        + @"|[Vv][0-9A-Fa-f]+\.[A-Za-z0-9._~!$&'()*+,;=:-]+)\]|"
        + RegisteredName + @")(?::\d*)?";

    private const string Tail = @"(?:\?(?:" + UriCharacter + "|[/?])*)?(?:#(?:" + UriCharacter + "|[/?])*)?";
    private const string Path = "(?:/" + UriCharacter + "*)*";
    private static readonly string s_uri = "[A-Za-z][A-Za-z0-9+.-]*:(?://" + s_authority + Path
        + "|/(?:" + UriCharacter + "+" + Path + ")?|"
        + UriCharacter + "+" + Path + ")?" + Tail;

    private static readonly TextFormat[] s_formats =
    [
        new("date", Date),
        new("time", s_time),
        new("date-time", Date + "[Tt]" + s_time),
        new("duration", @"P(?:\d+W|\d+Y(?:\d+M(?:\d+D)?)?(?:T(?:\d+H(?:\d+M(?:\d+S)?)?|\d+M(?:\d+S)?|\d+S))?"
            + @"|\d+M(?:\d+D)?(?:T(?:\d+H(?:\d+M(?:\d+S)?)?|\d+M(?:\d+S)?|\d+S))?"
            + @"|\d+D(?:T(?:\d+H(?:\d+M(?:\d+S)?)?|\d+M(?:\d+S)?|\d+S))?|T(?:\d+H(?:\d+M(?:\d+S)?)?|\d+M(?:\d+S)?|\d+S))"),
        new("uuid", "[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}"),
        new("ipv4", Ipv4),
        new("ipv6", Ipv6()),
        new("email", "(?:" + AtomText + @"(?:\." + AtomText + @")*|""(?:[\x20\x21\x23-\x5B\x5D-\x7E]|\\[\x20-\x7E])*"")@(?:" + Host
            + @"|\[" + Ipv4 + @"\]|\[IPv6:" + Ipv6() + @"\])"),
        new("hostname", Host, 253), // of RFC 1123 and the wire format of names
        new("json-pointer", Pointer),
        new("relative-json-pointer", "(?:0|[1-9][0-9]*)(?:#|" + Pointer + ")"),
        new("uri", s_uri),
    ];

    private static readonly string[] s_refused =
        ["idn-email", "idn-hostname", "iri", "iri-reference", "uri-reference", "uri-template", "regex"];

    /// <summary>A format; null = a name the specification does not know, which says nothing.</summary>
    /// <exception cref="GrammarException">The specification knows it, and it is not supported here.</exception>
    public static TextFormat? Find(string name) => Array.Find(s_formats, f => f.Name == name)
        ?? (!s_refused.Contains(name) ? null : throw GrammarException.Unsupported("format", $"The format '{name}' is not supported."));

    // The last second of a day in UTC by the clocks of zones at whole and half hours.
    private static IEnumerable<string> LeapSeconds()
    {
        for (int offset = -(24 * 60) + 30; offset < 24 * 60; offset += 30)
        {
            int local = ((23 * 60) + 59 + offset + (24 * 60)) % (24 * 60), size = Math.Abs(offset);
            string zone = string.Create(CultureInfo.InvariantCulture, $"{(offset < 0 ? "-" : "[+]")}{size / 60:00}:{size % 60:00}");
            yield return string.Create(CultureInfo.InvariantCulture, $@"{local / 60:00}:{local % 60:00}:60(?:\.\d+)?{zone}");
        }
    }

    private static string Ipv6()
    {
        string last = $"(?:{Group}:{Group}|{Ipv4})";
        List<string> forms = [$"(?:{Group}:){{6}}{last}", $"::(?:{Group}:){{5}}{last}"];
        for (int left = 0; left <= 4; left++)
        {
            string before = left == 0 ? $"(?:{Group})?" : $"(?:(?:{Group}:){{0,{left}}}{Group})?";
            forms.Add($"{before}::(?:{Group}:){{{4 - left}}}{last}");
        }

        forms.Add($"(?:(?:{Group}:){{0,5}}{Group})?::{Group}");
        forms.Add($"(?:(?:{Group}:){{0,6}}{Group})?::");
        return $"(?:{string.Join('|', forms)})";
    }
}
