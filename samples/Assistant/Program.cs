// An assistant with a function, in the same process as its model. Usage: Assistant MODEL.gguf [MIB] "QUESTION"
// Spans and figures go to the collector of OTEL_EXPORTER_OTLP_ENDPOINT, if it is set.
using System.ComponentModel;
using System.Globalization;
using LayerStream.Engine;
using LayerStream.Extensions.AI;
using Microsoft.Extensions.AI;
using OpenTelemetry;
using OpenTelemetry.Trace;

const string source = "LayerStream.Samples.Assistant";
if (args.Length is < 2 or > 3)
{
    Console.Error.WriteLine("Usage: Assistant MODEL.gguf [MIB] \"QUESTION\"");
    return 2;
}

TracerProviderBuilder tracing = Sdk.CreateTracerProviderBuilder().AddSource(source);
using TracerProvider tracer = (Environment.GetEnvironmentVariable("OTEL_EXPORTER_OTLP_ENDPOINT") is null ? tracing
    : tracing.AddOtlpExporter()).Build();

await using LanguageModel model = await LanguageModel.LoadAsync(new LanguageModelOptions
{
    ModelPath = args[0],
    MemoryBudgetBytes = args.Length == 3 ? long.Parse(args[1], CultureInfo.InvariantCulture) << 20 : null,
});
using IChatClient client = new ModelChatClient(model).AsBuilder()
    .UseOpenTelemetry(sourceName: source)
    .UseFunctionInvocation()
    .Build();

ChatOptions options = new()
{
    Instructions = "Answer briefly. Ask the tool when a time is wanted.",
    Tools = [AIFunctionFactory.Create(TimeIn, "time_in", "The time of day in a place.")],
    MaxOutputTokens = 300,
};
await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync(args[^1], options))
{
    foreach (AIContent content in update.Contents)
    {
        if (content is FunctionCallContent call)
        {
            Console.Error.WriteLine($"[{call.Name} {string.Join(", ", call.Arguments ?? new Dictionary<string, object?>())}]");
        }
        else if (content is TextContent text)
        {
            Console.Write(text.Text);
        }
    }
}

Console.WriteLine();
return 0;

static string TimeIn([Description("Name of a time zone, such as Europe/Berlin.")] string zone) =>
    TimeZoneInfo.TryFindSystemTimeZoneById(zone, out TimeZoneInfo? found)
        ? TimeZoneInfo.ConvertTime(DateTimeOffset.UtcNow, found).ToString("HH:mm", CultureInfo.InvariantCulture)
        : $"there is no time zone {zone}";
