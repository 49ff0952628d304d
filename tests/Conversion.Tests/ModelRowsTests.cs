using LayerStream.Formats;
using LayerStream.Kernels.Quants;
using Xunit;

namespace LayerStream.Conversion.Tests;

/// <summary>Rows of a trained model, encoded and decoded.</summary>
public sealed class ModelRowsTests
{
    /// <summary>
    /// The most root mean square error over the values' root mean square: what was measured, and 5 %. The rows come from Q4_1 and lie on
    /// sixteen levels, which Q4_1 meets again, Q4_K and Q5_K almost, and the others no better than normal values.
    /// </summary>
    [Theory]
    [InlineData(TensorType.F16, 0.0002)]
    [InlineData(TensorType.BF16, 0.00141)]
    [InlineData(TensorType.Q8_0, 0.0059)]
    [InlineData(TensorType.Q6_K, 0.0183)]
    [InlineData(TensorType.Q5_K, 0.0142)]
    [InlineData(TensorType.Q4_K, 0.014)]
    [InlineData(TensorType.Q3_K, 0.157)]
    [InlineData(TensorType.Q2_K, 0.288)]
    [InlineData(TensorType.Q5_1, 0.0491)]
    [InlineData(TensorType.Q5_0, 0.047)]
    [InlineData(TensorType.Q4_1, 0.000001)]
    [InlineData(TensorType.Q4_0, 0.093)]
    public void Row_OfATrainedModel_IsAsNearAsTheTypeAllows(TensorType type, double mostError)
    {
        GgufModel model = GgufModel.Open(Path.Combine(SampleFile.Root, "models", "SmolLM2-135M-Instruct-Q4_1.gguf"));
        double square = 0, sum = 0;
        foreach (int layer in (int[])[0, 14, 29])
        {
            TensorInfo tensor = model.Find($"blk.{layer}.ffn_down.weight")!;
            byte[] blocks = new byte[tensor.Extent.Length];
            using FileStream file = File.OpenRead(model.Files[0]);
            file.Position = tensor.Extent.Offset;
            file.ReadExactly(blocks);
            float[] values = new float[tensor.Elements], read = new float[tensor.Elements];
            Dequantize.Row(tensor.Type, blocks, values);
            TensorTypeInfo info = TensorTypes.Get(type);
            byte[] encoded = new byte[values.Length / info.BlockSize * info.BlockBytes];
            Quantize.Row(type, values, encoded);
            Dequantize.Row(type, encoded, read);
            square += values.Zip(read, (x, y) => ((double)x - y) * ((double)x - y)).Sum();
            sum += values.Sum(x => (double)x * x);
        }

        double error = Math.Sqrt(square / sum);
        TestContext.Current.TestOutputHelper?.WriteLine($"{type} {error:F5}");
        Assert.InRange(error, 0, mostError);
    }
}
