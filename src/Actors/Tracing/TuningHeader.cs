using System.Text.Json;
using LayerStream.Planning.Tuning;

namespace LayerStream.Actors.Tracing;

/// <summary>What tuners saw, in the header of a trace: members that a trace without tuners does not have, and numbers in the order of the
/// records' members.</summary>
internal static class TuningHeader
{
    private const int DepthNumbers = 6;
    private const int TransientNumbers = 8;

    internal static void Write(Utf8JsonWriter json, DepthHistory? depth, TransientHistory? transients)
    {
        if (depth is not null)
        {
            json.WriteStartObject("depthTuning");
            Write(json, "limits", depth.Limits.MostDepth, depth.Limits.MostReads);
            json.WriteNumber("heldBytes", depth.Limits.HeldBytes);
            Write(json, "start", depth.Start.Depth, depth.Start.Reads);
            json.WriteStartArray("passes");
            foreach (TunedPass p in depth.Passes)
            {
                Write(json, null, p.WallSeconds, p.WaitSeconds, p.BusySeconds, p.ReadBytes, p.WasFull, p.WasEmpty);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        if (transients is not null)
        {
            json.WriteStartObject("transientTuning");
            json.WriteNumber("mostSlots", transients.MostSlots);
            json.WriteStartArray("passes");
            foreach (AheadPass p in transients.Passes)
            {
                Write(json, null, p.WasPredicted ? 1 : 0, p.WallSeconds, p.WaitSeconds, p.BusySeconds, p.NeededBytes, p.UsefulBytes,
                    p.WastedBytes, p.Refusals);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }
    }

    /// <exception cref="FormatException">Numbers that no tuner can have seen.</exception>
    internal static DepthHistory? ReadDepth(JsonElement header)
    {
        if (!header.TryGetProperty("depthTuning", out JsonElement tuning))
        {
            return null;
        }

        TunerLimits limits = new(At(tuning, "limits", 0), At(tuning, "limits", 1))
        {
            HeldBytes = Count(tuning.GetProperty("heldBytes")),
        };
        TunerSetting start = new(At(tuning, "start", 0), At(tuning, "start", 1));
        return new DepthHistory(limits, start, [.. Passes(tuning, DepthNumbers).Select(p =>
            new TunedPass(Seconds(p[0]), Seconds(p[1]), Seconds(p[2]), Count(p[3]), p[4].GetInt32(), p[5].GetInt32()))]);
    }

    /// <exception cref="FormatException">Numbers that no tuner can have seen.</exception>
    internal static TransientHistory? ReadTransients(JsonElement header)
    {
        if (!header.TryGetProperty("transientTuning", out JsonElement tuning))
        {
            return null;
        }

        return new TransientHistory(Positive(tuning.GetProperty("mostSlots")), [.. Passes(tuning, TransientNumbers).Select(p =>
            new AheadPass(Count(p[0]) > 0, Seconds(p[1]), Seconds(p[2]), Seconds(p[3]), Count(p[4]), Count(p[5]), Count(p[6]),
                Count(p[7])))]);
    }

    private static void Write(Utf8JsonWriter json, string? name, params ReadOnlySpan<double> numbers)
    {
        if (name is not null)
        {
            json.WritePropertyName(name);
        }

        json.WriteStartArray();
        foreach (double number in numbers)
        {
            json.WriteNumberValue(number);
        }

        json.WriteEndArray();
    }

    private static IEnumerable<JsonElement> Passes(JsonElement tuning, int numbers)
    {
        foreach (JsonElement pass in tuning.GetProperty("passes").EnumerateArray())
        {
            yield return pass.GetArrayLength() == numbers ? pass
                : throw new FormatException($"a tuned pass has {pass.GetArrayLength()} numbers instead of {numbers}");
        }
    }

    private static int At(JsonElement tuning, string name, int index)
    {
        JsonElement pair = tuning.GetProperty(name);
        return pair.GetArrayLength() == 2 ? Positive(pair[index]) : throw new FormatException($"{name} of a tuner are not two numbers");
    }

    private static int Positive(JsonElement number) => number.GetInt32() is > 0 and int value ? value
        : throw new FormatException($"{number.GetRawText()} is not positive");

    private static double Seconds(JsonElement number) => number.GetDouble() is >= 0 and < double.PositiveInfinity and double value ? value
        : throw new FormatException($"{number.GetRawText()} are no seconds");

    private static long Count(JsonElement number) => number.GetInt64() is >= 0 and long value ? value
        : throw new FormatException($"{number.GetRawText()} is no count");
}
