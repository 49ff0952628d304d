using System.CommandLine;
using System.Text.Json;
using LayerStream.Actors;
using LayerStream.Formats;
using LayerStream.Memory;
using LayerStream.Models;
using LayerStream.Planning;
using LayerStream.Storage;

namespace LayerStream.Host.Cli;

/// <summary><c>plan</c>: what a budget buys, without running the model.</summary>
public static class PlanVerb
{
    /// <summary>The verb.</summary>
    public static Command Create()
    {
        Command verb = new("plan", "Shows the memory plan and predicts the speed.");
        verb.SetAction(parse => Run(parse));
        return verb;
    }

    private static int Run(ParseResult parse)
    {
        ModelOptions options = CommonOptions.Bind(parse);
        GgufModel model = GgufModel.Open(options.ModelPath);
        EnginePlan plan = ModelPlanning.Make(model, options);
        if (!options.Quiet && !options.Json)
        {
            Console.Error.WriteLine(plan.Sheet.Render().TrimEnd());
        }

        LossyNotice.Write(plan, Console.Error.WriteLine);
        if (plan.Experts.BelowOneToken && !options.Json)
        {
            Console.Error.WriteLine(
                $"Resident experts take less than the {ByteSize.Format(plan.Experts.RoutedBytesPerToken)} that one token is routed to: most are read for every token.");
        }

        double device;
        using (FlashDevice flash = FlashDevice.Open(model.Files))
        {
            device = DeviceProbe.MeasureBytesPerSecond(flash, TimeSpan.FromSeconds(1.5));
        }

        double kernel = KernelProbe.MeasureBytesPerSecond(model, plan.Spec, options.Activations, plan.Threads, TimeSpan.FromSeconds(0.7));
        double missed = plan.Experts.ExpectedMissBytesPerToken;
        SpeedModel speed = new(plan.DenseBytes, plan.StreamedBytesPerToken - (long)missed, plan.Experts.RoutedBytesPerToken, missed);
        double seconds = speed.SecondsPerToken(device, kernel);
        JsonOut.Write(
            json =>
            {
                json.WriteStartObject("accounts");
                foreach ((string account, long bytes) in plan.Sheet.Accounts)
                {
                    json.WriteNumber(account, bytes);
                }

                json.WriteEndObject();
                json.WriteNumber("budgetBytes", plan.Sheet.BudgetBytes);
                json.WriteNumber("smallestBudgetBytes", plan.SmallestBudgetBytes);
                json.WriteNumber("pinnedBytes", plan.PinnedBytes);
                json.WriteNumber("denseBytes", plan.DenseBytes);
                json.WriteNumber("streamedBytesPerToken", plan.StreamedBytesPerToken);
                WriteExperts(json, plan);
                JsonOut.WriteLossy(json, plan);
                json.WriteNumber("slotBytes", plan.SlotBytes);
                json.WriteNumber("prefetchDepth", plan.PrefetchDepth);
                json.WriteNumber("context", plan.Context);
                json.WriteNumber("threads", plan.Threads);
                json.WriteNumber("deviceBytesPerSecond", device);
                json.WriteNumber("kernelBytesPerSecond", kernel);
                json.WriteNumber("predictedTokensPerSecond", 1 / seconds);
            },
            indented: !options.Json);
        return Failures.Success;
    }

    private static void WriteExperts(Utf8JsonWriter json, EnginePlan plan)
    {
        ExpertPlan experts = plan.Experts;
        if (experts.Layouts.Count == 0)
        {
            return;
        }

        json.WriteStartObject("experts");
        json.WriteString("policy", experts.Policy.Name);
        json.WriteNumber("perToken", FewerExperts.MostUsed(plan.Spec));
        json.WriteBoolean("allResident", experts.AllResident);
        JsonOut.WriteIds(json, "slotsPerLayer", [.. experts.SlotsPerBank]);
        json.WriteNumber("residentSlots", experts.ResidentSlots);
        json.WriteNumber("transientSlots", experts.TransientSlots);
        json.WriteNumber("bytes", experts.Bytes);
        json.WriteNumber("routedBytesPerToken", experts.RoutedBytesPerToken);
        json.WriteNumber("expectedHitRate", experts.ExpectedHitRate);
        json.WriteNumber("expectedMissBytesPerToken", experts.ExpectedMissBytesPerToken);
        json.WriteBoolean("belowOneToken", experts.BelowOneToken);
        json.WriteEndObject();
    }
}
