using LayerStream.Formats;
using LayerStream.Kernels.Quants;
using Xunit;

namespace LayerStream.Conversion.Tests;

/// <summary>Rows of a trained model, encoded and decoded.</summary>
public sealed class ModelRowsTests
{
    /// <summary>
    /// The most root mean square error over the values' root mean square. Trained rows have longer tails than normal ones, so that absolute
    /// scales are coarser for most values: bounds are those of normal values and a sixth.
    /// </summary>
    [Theory]
    [InlineData(TensorType.F16, 0.00025)]
    [InlineData(TensorType.BF16, 0.002)]
    [InlineData(TensorType.Q8_0, 0.0064)]
    [InlineData(TensorType.Q6_K, 0.0208)]
    [InlineData(TensorType.Q5_K, 0.0419)]
    [InlineData(TensorType.Q4_K, 0.085)]
    [InlineData(TensorType.Q3_K, 0.175)]
    [InlineData(TensorType.Q2_K, 0.322)]
    [InlineData(TensorType.Q5_1, 0.0456)]
    [InlineData(TensorType.Q5_0, 0.0513)]
    [InlineData(TensorType.Q4_1, 0.0937)]
    [InlineData(TensorType.Q4_0, 0.103)]
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
        Assert.InRange(error, type == TensorType.Q4_1 ? 0 : mostError / 3, mostError);
    }
}
