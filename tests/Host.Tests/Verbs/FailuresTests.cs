using System.Reflection;
using System.Text.RegularExpressions;
using LayerStream.Actors.Run;
using LayerStream.Formats;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Terminal;
using LayerStream.Host.Verbs;
using LayerStream.Memory;
using LayerStream.Models.Decoding;
using LayerStream.Storage.Filling;
using LayerStream.Templates.Runtime;

namespace LayerStream.Host.Tests.Verbs;

/// <summary>What people read about a failure names things of theirs, never classes of ours.</summary>
public sealed partial class FailuresTests
{
    private static readonly TensorInfo s_tensor = new("output.weight", TensorType.F32, [4], new Extent(0, 0, 16));

    public static TheoryData<Type> Kinds =>
    [
        .. Directory.EnumerateFiles(AppContext.BaseDirectory, "*.dll")
            .Where(f => Path.GetFileName(f).StartsWith("LayerStream.", StringComparison.OrdinalIgnoreCase))
            .Where(f => !f.Contains(".Tests.", StringComparison.Ordinal))
            .SelectMany(f => Assembly.Load(AssemblyName.GetAssemblyName(f)).GetTypes())
            .Where(t => t.IsSubclassOf(typeof(Exception)) && !t.IsAbstract),
    ];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Describe_EveryExceptionOfTheProgram_HasAMessageWithoutClassNames(Type kind)
    {
        foreach (Exception error in Made(kind))
        {
            string fault = Failures.Describe(new EngineFaultException("compute", error));
            foreach (string text in (string[])[Failures.Describe(error), fault, JsonReply.Describe(error).Message])
            {
                Assert.False(ClassName().IsMatch(text), text);
                Assert.NotEqual("", text.Trim());
            }
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Describe_EveryFailureThatIsNoFaultOfThePrograms_IsKnown(Type kind) =>
        Assert.All(
            Made(kind).Where(e => e is not (InvalidOperationException or ApiException)),
            error => Assert.DoesNotContain("LAYERSTREAM__DEBUG", Failures.Describe(error), StringComparison.Ordinal));

    [Fact]
    public void Describe_AnyOtherException_SaysHowToLearnMore()
    {
        string text = Failures.Describe(new InvalidOperationException("the cause"));
        Assert.Contains("the cause", text, StringComparison.Ordinal);
        Assert.Contains("LAYERSTREAM__DEBUG", text, StringComparison.Ordinal);
        Assert.False(ClassName().IsMatch(text), text);
    }

    [Fact]
    public void Describe_NameThatIsNotUtf8_SaysSo() =>
        Assert.Contains("UTF-8", Failures.Describe(new FileNotFoundException("", "mod\uFFFDle.gguf")), StringComparison.Ordinal);

    [Fact]
    public void Describe_TemplateThatFailsOnAConversation_NamesLineAndWayOutUnlessItRefusesByItself()
    {
        string text = Failures.Describe(new TemplateException("no filter named 'x'", 7));
        Assert.Contains("line 7", text, StringComparison.Ordinal);
        Assert.Contains("--chat-template", text, StringComparison.Ordinal);
        Assert.Equal("roles must alternate", Failures.Describe(new TemplateException("roles must alternate", 7, raisedByTemplate: true)));
    }

    [Fact]
    public void Describe_TemplateThatCannotBeRead_NamesTheWayOutOnTheCommandLineAndInTheApi()
    {
        TemplateSyntaxException error = new("unexpected 'endfro'", 3);
        Assert.Contains("--chat-template", Failures.Describe(error), StringComparison.Ordinal);
        ApiException shown = JsonReply.Describe(error);
        Assert.Equal((501, "template_unreadable"), (shown.Status, shown.Code));
        Assert.Contains("line 3", shown.Message, StringComparison.Ordinal);
        Assert.Contains("--chat-template", shown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Describe_KeyBeyondF16_PointsToF32OnTheCommandLineAndInTheApi()
    {
        KeyValueRangeException error = new(4, isPositive: true);
        string fault = Failures.Describe(new EngineFaultException("compute", error));
        Assert.All(
            (string[])[Failures.Describe(error), fault, JsonReply.Describe(error).Message],
            text => Assert.Contains("--kv-type f32", text, StringComparison.Ordinal));
    }

    [Fact]
    public void Report_OutputClosed_SaysNothing() => Assert.Equal(Failures.Failed, Failures.Report(new OutputClosedException()));

    /// <summary>One for every constructor, with arguments made up by type.</summary>
    private static IEnumerable<Exception> Made(Type kind) =>
        kind.GetConstructors(BindingFlags.Instance | BindingFlags.Public)
            .Select(made => (Exception)made.Invoke([.. made.GetParameters().Select(Argument)]));

    private static object? Argument(ParameterInfo parameter)
    {
        Type type = parameter.ParameterType;
        return type == typeof(string) ? "some text"
            : type == typeof(BudgetSheet) ? new BudgetSheet(7)
            : type == typeof(BudgetAccount) ? new BudgetAccount("requests", 7)
            : type == typeof(TensorInfo) ? s_tensor
            : type == typeof(Exception) ? null
            : typeof(Exception).IsAssignableFrom(type) ? Made(type).First()
            : type == typeof(IReadOnlyList<UnfilledTensor>) ? new UnfilledTensor[] { new(s_tensor, 0) }
            : type.IsAssignableFrom(typeof(string[])) ? new string[] { "a gap" }
            : type.IsValueType ? Activator.CreateInstance(type)
            : type.IsGenericType ? Array.CreateInstance(type.GetGenericArguments()[0], 0)
            : throw new NotSupportedException($"make up a {type} for {parameter.Member.DeclaringType}");
    }

    // Two words run together, the second one a kind of class; or a namespace of ours.
    [GeneratedRegex(@"\b[A-Z]\w*(Exception|Actor|Options|Reader|Writer|Engine|Planner|Verb)\b|LayerStream\.\w|System\.\w")]
    private static partial Regex ClassName();
}
