using System.Text.Json;
using LayerStream.Templates.Runtime;
using Xunit;

namespace LayerStream.Templates.Tests;

/// <summary>The cases of data/jinja2 against what Jinja2 made of them; record.py there writes the file anew.</summary>
public sealed class RecordedCaseTests
{
    private static readonly JsonElement s_root = JsonDocument.Parse(File.ReadAllText(
        Path.Combine(TemplateData.Folders[0], "..", "jinja2", "vectors.json"))).RootElement;

    public static TheoryData<int, string> Rendered() => Cases("output");

    public static TheoryData<int, string> Refused() => Cases("error");

    [Theory]
    [MemberData(nameof(Rendered))]
    public void ChatTemplate_RecordedCase_RendersAsTheReference(int index, string template) =>
        Assert.Equal(s_root.GetProperty("cases")[index].GetProperty("output").GetString(), Render(template));

    [Theory]
    [MemberData(nameof(Refused))]
    public void ChatTemplate_RecordedCaseThatTheReferenceRefuses_IsATypedErrorWithItsLine(int index, string template)
    {
        Exception error = Assert.ThrowsAny<Exception>(() => Render(template));
        int line = error is TemplateException rendering ? rendering.Line : Assert.IsType<TemplateSyntaxException>(error).Line;
        Assert.True(line > 0, $"{index}: {error.Message}");
        Assert.DoesNotContain("LayerStream", error.Message, StringComparison.Ordinal);
    }

    private static TheoryData<int, string> Cases(string member)
    {
        TheoryData<int, string> data = [];
        int index = 0;
        foreach (JsonElement row in s_root.GetProperty("cases").EnumerateArray())
        {
            if (row.TryGetProperty(member, out _))
            {
                data.Add(index, row.GetProperty("template").GetString()!);
            }

            index++;
        }

        return data;
    }

    private static string Render(string template)
    {
        TemplateVariables variables = TemplateVariables.FromJson(s_root.GetProperty("variables"));
        variables.Now = s_root.GetProperty("now").GetDateTime();
        return ChatTemplate.Parse(template).Render(variables);
    }
}
